"""The command `thermocline`: arguments, exit codes, what each subcommand prints.

Enters: a command line. Leaves: one call of a stage, lines on stdout, one line on stderr where it fails.
Nothing imports it.
"""
