"""Rules without machine learning, written in SQL, and what each of them earns on the pilot."""


def contact(as_of, user_ids, rule="rule.sql"):
    # A rule is a query over `features`. Put sql/features.sql in front of it:
    #   WITH features AS (<features.sql>) <rule.sql>
    # Both files are yours, so joining their texts is safe; values still go in as parameters.
    raise NotImplementedError("contact: stage 'A rule before any ML'")


def main():
    raise NotImplementedError("baseline.json: stage 'A rule before any ML'")


if __name__ == "__main__":
    main()
