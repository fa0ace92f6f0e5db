#!/bin/bash
# Grades a course on a Slurm cluster: sbatch docs/scaling/slurm.sh [LESSON...], in the course's folder, which all nodes
# must see under the same path. Options of `mle grade` may follow, too.
#SBATCH --job-name=mle-grade
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=48G
#SBATCH --time=02:00:00
set -euo pipefail

bin=$PWD/.venv/bin
where=$(mktemp -d "$PWD/.dask-XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$where"' EXIT

"$bin/dask" scheduler --port 0 --no-dashboard --scheduler-file "$where/scheduler.json" &
until [ -s "$where/scheduler.json" ]; do sleep 1; done
# One notebook at a time for each process; what it needs on disk goes to the node's own.
srun "$bin/dask" worker --scheduler-file "$where/scheduler.json" --nworkers "${SLURM_CPUS_PER_TASK:-1}" --nthreads 1 \
    --no-dashboard --local-directory "${TMPDIR:-/tmp}" &

"$bin/mle" grade --scheduler "$where/scheduler.json" "$@"
