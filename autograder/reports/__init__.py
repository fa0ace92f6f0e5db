"""Results as something to read; knows nothing of how they came about."""

from autograder.reports.tables import check_table, progress_table, proof_table, score_table

__all__ = ["check_table", "progress_table", "proof_table", "score_table"]
