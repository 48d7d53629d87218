"""The page that shows a world in a browser. It has no data, and asks for them with the token once a second."""

from __future__ import annotations

import base64
import hashlib

from fake_secrets.observe.pictures.style import CLASS, PAGE_STYLE, STYLE
from fake_secrets.server.messages import HttpAnswer

__all__ = ["answer"]

_STYLE = f"""{STYLE}{PAGE_STYLE}
.{CLASS} #state {{ color: var(--soft); }}
.{CLASS} #state.bad {{ color: var(--bad); font-weight: 600; }}
.{CLASS} #secrets button {{
  font: inherit; color: inherit; background: none; border: 0; padding: 0; text-align: left; cursor: pointer;
  text-decoration: underline; overflow-wrap: anywhere;
}}
.{CLASS} #secrets button:focus-visible {{ outline: 3px solid var(--focus); }}
.{CLASS} #secrets tr.chosen th {{ font-weight: 600; }}
"""

# Every text from the world is set as text. Only the picture of a timeline is HTML, which the server has escaped.
_SCRIPT = """
'use strict';
const token = new URLSearchParams(location.hash.slice(1)).get('token');
const state = document.getElementById('state');
const rows = document.getElementById('rows');
const picture = document.getElementById('picture');
let chosen = null;
let shown = '';
const kinds = {AWSCURRENT: 'current', AWSPENDING: 'pending', AWSPREVIOUS: 'previous'};

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function tell(text, isBad) {
  state.textContent = text;
  state.className = isBad ? 'bad' : '';
}

function versionOf(version) {
  const item = element('div');
  for (const label of version.stages) item.append(element('span', label, 'label ' + (kinds[label] || 'own')));
  if (!version.stages.length) item.append(element('span', 'deprecated '));
  item.append(element('code', version.id));
  if (version.is_empty) item.append(element('span', ' (without a value)'));
  return item;
}

function rowOf(secret) {
  const row = element('tr', undefined, secret.arn === chosen ? 'chosen' : '');
  const name = element('th');
  name.scope = 'row';
  const button = element('button', secret.name);
  button.type = 'button';
  button.addEventListener('click', () => { chosen = secret.arn; shown = ''; look(); });
  name.append(button);
  const versions = element('td');
  for (const version of secret.versions) versions.append(versionOf(version));
  const about = [secret.rotation_enabled ? 'rotation on' : '', secret.deleted ? 'marked for deletion' : ''];
  row.append(name, versions, element('td', about.filter(Boolean).join(', ')));
  return row;
}

function show(data) {
  tell(`${data.account_id}, ${data.region}: ${data.secrets.length} secrets, ${data.entries} entries, ${data.now}`);
  const {now, ...rest} = data;
  const text = JSON.stringify(rest);
  if (text === shown) return;
  shown = text;
  const focused = document.activeElement?.closest('#rows') ? document.activeElement.textContent : null;
  rows.replaceChildren(...data.secrets.map(rowOf));
  if (focused !== null) [...rows.querySelectorAll('button')].find(one => one.textContent === focused)?.focus();
  picture.innerHTML = data.html || '';
}

async function look() {
  const query = chosen === null ? '' : '?' + new URLSearchParams({secret_id: chosen});
  try {
    const answer = await fetch('/_fake_secrets/timeline' + query, {
      headers: {'X-Fake-Secrets-Token': token, Accept: 'application/json'},
    });
    const data = await answer.json();
    if (answer.status === 404) { chosen = null; shown = ''; return; }
    if (answer.ok) show(data); else tell(data.error, true);
  } catch {
    tell('The server does not answer.', true);
  }
}

async function follow() {
  await look();
  setTimeout(follow, 1000);
}

if (token === null) {
  tell('Open the address that the server has printed at its start: it ends with #token=...', true);
} else {
  follow();
}
"""

_PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>fake_secrets</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body class="{CLASS}">
<main>
<h1>fake_secrets</h1>
<p id="state" role="status">...</p>
<div class="scroll" id="secrets" tabindex="0" role="region" aria-label="secrets"><table>
<caption>Secrets, their versions and staging labels. Values are hidden.</caption>
<thead><tr><th scope="col">secret</th><th scope="col">versions</th><th scope="col">state</th></tr></thead>
<tbody id="rows"></tbody>
</table></div>
<div id="picture"></div>
</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _source(text: str) -> str:
    """Return what a Content-Security-Policy calls an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {_source(_SCRIPT)}; style-src {_source(_STYLE)}; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def answer() -> HttpAnswer:
    """Return the page."""
    return HttpAnswer(200, _HEADERS, _PAGE.encode(), note="GET /_fake_secrets/ (the page)")
