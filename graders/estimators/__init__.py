"""The contract of scikit-learn's estimators, by its own checks and by laws judged from outside.

    from graders import estimators

    polite = estimators.keeps_contract("app.model:NearestMean", kind="classifier", points=12)
    fits_in = estimators.passes_sklearn("app.model:NearestMean", kind="classifier", points=10,
                                        needs=[polite])

`keeps_contract` cannot be talked round: its laws are judged on answers to rows drawn outside.
The official suite sees more (types, sparse input, wordings), but runs where the learner's code is;
`graders.estimators.suite` says what is done about that, and what can be forged all the same.
"""

from graders.estimators.contract import keeps_contract
from graders.estimators.suite import BREACHES, KindOfEstimator, passes_sklearn, required_of

__all__ = ["BREACHES", "KindOfEstimator", "keeps_contract", "passes_sklearn", "required_of"]
