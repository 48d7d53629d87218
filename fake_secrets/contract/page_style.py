"""The style of the pages of reports, beside that of the pictures. Each rule begins with a class of ours."""

from __future__ import annotations

from fake_secrets.observe.pictures.style import CLASS

__all__ = ["CONTRACT_STYLE", "SHEET_STYLE"]

# What concerns the sheets of a printer, and so a whole page: pictures are wide.
SHEET_STYLE = "@page { size: landscape; margin: 12mm; }\n"

# In the rules below, `&` stands for the element that holds a page or a part of one.
CONTRACT_STYLE = """
& { --good: #1a6b3c; --hand: #6a3fa0; --on-hand: #ffffff; --head: 9.4em; }
@media (prefers-color-scheme: dark) { & { --good: #7fd1a0; --hand: #c9a8f5; --on-hand: #23103f; } }
& a { color: var(--focus); }
& a:focus-visible, & pre:focus-visible { outline: 3px solid var(--focus); outline-offset: 1px; }
& h4 {
  margin: 1.4em 0 .4em; padding: 0; font-family: inherit; font-size: 1.1em; line-height: 1.25; color: inherit;
}
& .result { font-size: 1.1em; font-weight: 600; }
& .result.kept { color: var(--good); }
& .soft { color: var(--soft); }
& ul.counts { display: flex; flex-wrap: wrap; gap: .2em 1.6em; }
& ul.plain li { margin: .2em 0; }
& .entry { border-top: 1px solid var(--rule); margin-top: 1.6em; padding-top: .2em; }
& .entry :is(h3, h4) bdi { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, Menlo, monospace; }
& .entry p, & .entry dd { max-width: 60em; }
& dl { margin: .6em 0; }
& dt { font-weight: 600; margin-top: .5em; }
& dd { margin: 0; }
& pre {
  margin: .3em 0; padding: .4em .6em; border: 1px solid var(--rule); border-radius: 4px; background: var(--stripe);
  white-space: pre-wrap; overflow-wrap: anywhere; max-width: 60em; box-sizing: border-box; color: inherit;
}
& pre.replay { user-select: all; }
& ul.ids { display: flex; flex-wrap: wrap; gap: .1em 1em; }

& table.list { width: 100%; }
& .scroll:has(> table.counts) { width: fit-content; max-width: 100%; }
& table.list .number { text-align: right; white-space: nowrap; }
& table.list td, & table.list th { max-width: none; overflow-wrap: break-word; }
& table.list thead th { white-space: normal; }
& table.list tbody th { font-weight: 600; }

& .scroll:has(> table.steps) { width: fit-content; max-width: 100%; }
& table.steps { width: min-content; min-width: 0; }
& table.steps tbody tr:nth-child(even) { background: var(--paper); }
& table.steps th, & table.steps td {
  padding: .25em .35em; font-size: 12px; min-width: 4.6em; overflow-wrap: break-word;
}
& table.steps thead th { white-space: normal; vertical-align: bottom; }
& table.steps th.name {
  position: sticky; left: 0; z-index: 1; background: var(--paper); border-right: 1px solid var(--rule);
  width: var(--head); min-width: var(--head); max-width: var(--head); box-sizing: border-box;
}
& table.steps thead th.run { vertical-align: top; font-size: 13px; max-width: none; }
& table.steps .begins { border-left: 1px solid var(--soft); }
& table.steps tbody th { font-weight: 600; }
& table.steps th.group {
  max-width: none; font-weight: 400; color: var(--soft); padding-top: .8em;
}
& .stay { position: sticky; left: calc(var(--head) + .4em); display: inline-block; max-width: 100%; }
& .group .stay { left: .4em; }
& caption .stay { left: .6em; max-width: min(100%, calc(100vw - 4em)); }
& .group .stay, & caption .stay { white-space: normal; }
& .run .stay { font-weight: 600; }
& .ending { display: block; font-weight: 400; color: var(--soft); }
& .ending.failed { font-weight: 600; color: var(--bad); }
& .planned { display: block; font-weight: 600; }
& .call { display: block; }
& .blamed { font-weight: 700; }
& .bar { display: block; border: 1px solid var(--ink); border-radius: 3px; padding: 0 .35em; }
& .bar.old { background: var(--previous); border-color: var(--previous); }
& .bar.new { background: var(--current); border-color: var(--current); color: var(--on-current); }
& .bar.hand { background: var(--hand); border-color: var(--hand); color: var(--on-hand); }
& .bar.empty { background: none; border: 1px dashed var(--ink); color: var(--ink); }
& .bar.loose {
  background: none; border-width: 0 0 2px; border-color: var(--soft); border-radius: 0; color: var(--ink);
}
& .bar.bad { background: none; border: 2px solid var(--bad); color: var(--bad); font-weight: 600; }
& .bar.none { border: 0; color: var(--soft); }

@media (max-width: 600px) {
  & { --head: 7em; }
  & table.list th, & table.list td { padding: .25em .4em; }
}
@media print {
  & main { max-width: none; padding: 0; }
  & .scroll { overflow: visible; border: 0; }
  & table.steps { width: 100%; }
  & table.steps th, & table.steps td { font-size: 8px; min-width: 0; padding: .2em; }
  & table.steps { break-inside: avoid; }
  & table.steps thead th.run { font-size: 9px; }
  & table.steps th.name, & .stay { position: static; }
  & table.steps th.name { width: auto; min-width: 0; }
  & details::details-content { content-visibility: visible; block-size: auto; }
  & .bar { print-color-adjust: exact; }
  & tr, & pre, & dl, & h2, & h3 { break-inside: avoid; }
  & h2, & h3 { break-after: avoid; }
}
""".replace("&", f".{CLASS}")
