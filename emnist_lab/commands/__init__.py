"""The command line, a module a group of verbs; jobs that run them in processes of their own.

May import every room but `ui`.
"""
