"""The rotation contract: finds the bugs of a rotation function that kills, errors and repeated steps show.

Begin with `double`, the service whose credentials the function rotates. `own_lines` finds the line of the function
that makes a call.
"""
