"""The control API of a server: what a test does with its handle, for those who have only HTTP.

Begin with `api`, which checks the token and finds the action for a request. `actions` has what changes a world,
and `showing` what shows it. `fault_forms` reads planned faults out of JSON. `page` is a page that shows a world in
a browser. `control_error` is what an action raises if it can't do what it is asked, and `error_words` has the
words for what the handle refuses.
"""
