"""The style of pictures in HTML. Each rule begins with a class of ours, so that it concerns nothing else."""

from __future__ import annotations

__all__ = ["CLASS", "PAGE_STYLE", "STYLE"]

# The class of the element that holds a picture. In the rules below, `&` stands for it.
CLASS = "fake-secrets-picture"


def _of_class(rules: str) -> str:
    return rules.replace("&", f".{CLASS}")


STYLE = _of_class("""
& {
  --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --rule: #c9ced6; --stripe: #f5f7f9; --focus: #0b57d0;
  --current: #1a6b3c; --on-current: #ffffff; --pending: #8a5a00; --previous: #d5dae1; --bad: #b3261e;
  background: var(--paper); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; text-align: left;
}
@media (prefers-color-scheme: dark) {
  & {
    --paper: #16181c; --ink: #e8eaed; --soft: #a9afb8; --rule: #3d434c; --stripe: #1e2126; --focus: #8ab4f8;
    --current: #7fd1a0; --on-current: #0b2415; --pending: #f2c14e; --previous: #4a5563; --bad: #ff8a80;
  }
}
& h2, & h3 {
  margin: 1.4em 0 .4em; padding: 0; font-family: inherit; font-size: 1.25em; line-height: 1.25; color: inherit;
  overflow-wrap: anywhere;
}
& h3 { font-size: 1.1em; }
& p, & ul { margin: .4em 0; padding: 0; overflow-wrap: anywhere; }
& li { list-style: none; margin: 0; padding: 0; }
& code, & svg text { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, Menlo, monospace; }
& code { font-size: 12px; overflow-wrap: anywhere; background: none; color: inherit; padding: 0; }
& .versions li { display: flex; gap: .6em; }
& .legend { display: flex; flex-wrap: wrap; gap: .2em 1.2em; font-size: 12px; color: var(--soft); }
& .legend li { display: inline-flex; align-items: center; gap: .4em; }

& .scroll { overflow-x: auto; margin: .6em 0; border: 1px solid var(--rule); border-radius: 4px; }
& .scroll:focus-visible { outline: 3px solid var(--focus); outline-offset: 1px; }
& table {
  border-collapse: collapse; margin: 0; font-size: 13px; width: max-content; min-width: 100%; color: inherit;
}
& caption {
  text-align: left; padding: .4em .6em; color: var(--soft); caption-side: top; overflow-wrap: anywhere;
}
& table tr { background: var(--paper); }
& table tbody tr:nth-child(even) { background: var(--stripe); }
& table th, & table td {
  text-align: left; vertical-align: top; padding: .25em .6em; border: 0; border-top: 1px solid var(--rule);
  font-weight: normal; max-width: 26em; overflow-wrap: anywhere; white-space: normal;
}
& table thead th { font-weight: 600; white-space: nowrap; }
& table .divider th { font-style: italic; }
& table .step, & table .sign { color: var(--soft); }
& table .sign { white-space: nowrap; }
& .failed { color: var(--bad); font-weight: 600; }
& .note { display: block; }
& .label {
  display: inline-block; border: 1px solid var(--ink); border-radius: 3px; padding: 0 .35em;
  margin: 0 .2em .15em 0; font-size: 12px;
}
& .label.current { background: var(--current); color: var(--on-current); border-color: var(--current); }
& .label.pending { border: 2px solid var(--pending); }
& .label.previous { background: var(--previous); border-color: var(--previous); }
& .label.own { border-radius: 9px; }

& svg.drawing { display: block; max-width: none; }
& svg.sample { flex: none; }
& svg text { fill: var(--ink); font-size: 11px; }
& svg text.number { text-anchor: middle; fill: var(--soft); font-size: 10px; }
& svg text.attempt { fill: var(--ink); font-weight: 700; }
& svg text.lane { font-weight: 700; }
& svg .rule { stroke: var(--rule); }
& svg .divider { stroke: var(--soft); stroke-dasharray: 2 3; }
& svg .step { stroke: var(--soft); }
& svg .bar { fill: var(--paper); stroke: var(--ink); }
& svg .bar.current { fill: var(--current); stroke: var(--current); }
& svg .bar.pending { stroke: var(--pending); stroke-width: 2; }
& svg .bar.previous { fill: var(--previous); stroke: var(--previous); }
& svg .bar.empty { fill: var(--paper); stroke: var(--ink); stroke-dasharray: 4 3; }
& svg text.on.current { fill: var(--on-current); }
& svg text.on.empty { fill: var(--ink); }
& svg .deprecated { stroke: var(--soft); stroke-width: 2; }
& svg .deprecated.empty { stroke-dasharray: 4 3; }
& svg .removed { stroke: var(--ink); stroke-width: 2; fill: none; }
& svg .mark.failure { fill: var(--bad); }
& svg .mark.fault { fill: none; stroke: var(--ink); stroke-width: 1.5; }
& svg .mark.event { fill: var(--soft); }
""")

# What concerns a whole page of ours.
PAGE_STYLE = _of_class("""
:root { color-scheme: light dark; }
body& { margin: 0; min-height: 100vh; }
& main { max-width: 1280px; margin: 0 auto; padding: 12px 16px 32px; box-sizing: border-box; }
& h1 { font-size: 1.5em; line-height: 1.25; margin: .4em 0; overflow-wrap: anywhere; }
""")
