"""The skills that the advertisements name: how they are spelt, and where this course teaches them."""

# How each skill is written in advertisements, apart from its own name; in lower case, with single spaces.
SPELLINGS = {
    "python": ["python 3", "python programming", "python3"],
    "sql": ["postgresql", "sql queries", "relational databases"],
    "git": ["git/github", "version control"],
    "testing": ["pytest", "unit tests", "automated tests"],
    "docker": ["docker containers", "containers", "containerisation"],
    "kubernetes": ["k8s", "kubernetes (k8s)", "kubernetes clusters"],
    "cloud": ["aws", "azure", "gcp", "google cloud", "cloud platforms"],
    "rest apis": ["rest", "fastapi", "api design"],
    "ci/cd": ["ci / cd", "github actions", "continuous delivery"],
    "monitoring": ["model monitoring", "prometheus", "drift detection"],
    "experiment tracking": ["mlflow", "model registry"],
    "spark": ["apache spark", "pyspark"],
    "pytorch": ["py torch", "torch"],
    "tensorflow": ["tensor flow", "tensorflow 2"],
    "scikit-learn": ["sklearn", "scikit learn", "sk-learn"],
    "pandas": ["pandas/numpy", "dataframes"],
    "statistics": ["statistical modelling", "applied statistics", "hypothesis testing"],
    "a/b testing": ["a/b tests", "ab testing", "experiment design"],
    "data visualisation": ["data visualization", "dashboards", "bi tools"],
    "communication": ["communication skills", "stakeholder management", "presenting results"],
    "language models": ["llms", "llm", "large language models"],
    "computer vision": ["image recognition", "cv models"],
    "recommenders": ["recommender systems", "recommendation engines"],
    "forecasting": ["time series", "time series forecasting"],
    "r": ["r language", "r/shiny"],
    "c++": ["c++17", "cpp"],
    "java": ["java 17", "jvm languages"],
}

# The other way round: from a spelling to the name we use.
SYNONYMS = {spelling: skill for skill, spellings in SPELLINGS.items() for spelling in spellings}

# Where this course teaches a skill: lessons by their folder, and ids of skills.toml. No lessons: look elsewhere.
TAUGHT = {
    "python": (
        ["1-2-python-toolkit", "1-3-structures-algorithms", "1-4-tested-package"],
        [
            "write-functions", "configure-experiments", "stream-data", "handle-errors", "type-code", "profile-code",
            "choose-structures", "build-packages",
        ],
    ),
    "sql": ([], []),
    "git": (["1-4-tested-package"], ["version-with-git", "release-software"]),
    "testing": (["1-4-tested-package"], ["write-tests", "lint-code"]),
    "docker": (["6-3-containers-clouds-ci"], []),
    "kubernetes": ([], []),
    "cloud": (["6-3-containers-clouds-ci"], []),
    "rest apis": (["6-2-prediction-api"], ["design-apis", "run-services", "serve-concurrently", "measure-latency"]),
    "ci/cd": (["6-3-containers-clouds-ci"], []),
    "monitoring": (["6-4-monitoring-incidents"], []),
    "experiment tracking": (["6-1-tracked-pipeline"], []),
    "spark": (["3-6-spark-clickstream"], []),
    "pytorch": (
        ["3-4-training-loop"],
        ["load-data", "build-networks", "train-networks", "save-checkpoints", "control-overfitting"],
    ),
    "tensorflow": (["3-5-keras-tensorflow"], []),
    "scikit-learn": (
        ["3-2-credit-risk", "3-3-machine-faults"],
        ["split-data", "prepare-columns", "cross-validate", "choose-metrics", "write-transformers", "beat-baselines"],
    ),
    "pandas": (["3-1-data-contract"], []),
    "statistics": (["2-2-uncertainty"], ["quantify-uncertainty", "compare-methods"]),
    "a/b testing": (["2-2-uncertainty"], []),
    "data visualisation": ([], []),
    "communication": (["7-1-explain-price-persuade"], []),
    "language models": (
        ["4-4-bert", "4-5-gpt-ulmfit"],
        ["tokenise-text", "use-language-models", "fine-tune-models", "answer-questions", "ship-models"],
    ),
    "computer vision": (["4-1-detectors-masks", "4-2-face-verification"], []),
    "recommenders": (["3-8-recommender"], []),
    "forecasting": ([], []),
    "r": (["1-5-rosetta"], ["read-languages"]),
    "c++": (["1-5-rosetta"], ["read-languages", "call-native-code"]),
    "java": (["1-5-rosetta"], ["read-languages"]),
}
