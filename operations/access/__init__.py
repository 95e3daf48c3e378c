"""Keeps what groups of readers see as contracts say."""
