"""Who leaves if nobody writes to them."""


class ChurnModel:
    def fit(self, X, y):
        raise NotImplementedError("ChurnModel.fit: stage 'A model you can count money with'")

    def predict_proba(self, X):
        raise NotImplementedError("ChurnModel.predict_proba: stage 'A model you can count money with'")

    def save(self, path):
        raise NotImplementedError("ChurnModel.save: stage 'A model you can count money with'")

    @classmethod
    def load(cls, path):
        raise NotImplementedError("ChurnModel.load: stage 'A model you can count money with'")
