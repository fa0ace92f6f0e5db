"""ML Engineer Path: builds, runs, grades and reports on the course's notebook lessons."""
