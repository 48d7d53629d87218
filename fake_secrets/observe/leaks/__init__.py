"""Leaks: secret values that the code under test writes, raises or returns where others can read them.

Begin with `watching`, which looks at whatever is logged, printed, warned of, raised or returned while somebody
watches. `seams` changes `logging`, `warnings` and the streams so that they tell it. `searching` says what there is
to read, and `lines` whose line it was. `fields` decides what of a value is secret, `forms` how it may be written,
and `index` finds it in text. `found` has the leaks, and `of_world` is what the handle gives. The rest of the
package reaches `watching` by `gate`.
"""
