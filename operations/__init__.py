"""Operations on accounts and environments, for people and pipelines: a command line."""
