"""Use cases: a file for each thing that a person can ask the program to do."""
