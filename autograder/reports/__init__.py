"""Results as something to read; knows nothing of how they came about."""

from autograder.reports.progress_table import plan_table, progress_table, skill_summary, update_report
from autograder.reports.quality_pages import publish
from autograder.reports.tables import check_table, proof_table, score_table

__all__ = ["check_table", "plan_table", "progress_table", "proof_table", "publish", "score_table", "skill_summary",
           "update_report"]
