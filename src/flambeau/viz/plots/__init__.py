"""Pictures drawn with matplotlib, the extra `plot`: one file an idea, one style.

Every function returns a matplotlib figure that shows itself in a notebook, and writes it to
`path` when one is given (the ending chooses: .png, .svg, .pdf). No window opens, and pyplot's list
of figures never hears of it.
"""

try:
    import matplotlib as _matplotlib
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "pictures are drawn with matplotlib, and matplotlib is not installed: "
        "pip install 'flambeau[plot]'",
        name="matplotlib",
    ) from _missing
