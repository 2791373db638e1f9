// The playground in headless Chromium: a nested query, a mutation and a subscription, without requests to other hosts.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';
import { chromium } from 'playwright-core';
import { startServer } from '../server.js';
import { latestSeq, moveTicket, populate } from '../world.js';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const skip = !executablePath && 'no Chromium is installed';

test('the playground runs operations without requests to other hosts', { skip }, async (t) => {
  const server = await startServer(t);
  const { tokens, ticketIds: [ticket] } = await populate(server);
  const { page, requests, complaints } = await openPage(t);
  await page.goto(`${server.origin}/`);
  await page.waitForFunction(() => document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getOption('lint')?.schema);
  await page.evaluate((token) => {
    [...document.querySelectorAll('.CodeMirror')].find((editor) => editor.CodeMirror.getValue().includes('Authorization'))
      .CodeMirror.setValue(JSON.stringify({ Authorization: `Bearer ${token}` }));
  }, tokens.accessToken);

  await runOperation(page, 'query { customers { nodes { name interactions { nodes { title tickets { nodes { description } } } } } } }');
  await waitForResult(page, '"description": "Ticket 1"');
  await runOperation(page, `mutation { moveTicket(input: { id: "${ticket}", status: IN_PROGRESS }) { ticket { status } } }`);
  await waitForResult(page, '"status": "IN_PROGRESS"');
  const after = await latestSeq(server, tokens.accessToken);
  await runOperation(page, `subscription { ticketChanged(after: "${after}") { kind ticket { status } } }`);
  await moveTicket(server, tokens.accessToken, ticket, 'RESOLVED');
  await waitForResult(page, '"status": "RESOLVED"');

  assert.deepEqual(complaints, []);
  assert.ok(requests.length >= 7, `the only requests are ${requests}`);
  const hosts = new Set(requests.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).host));
  assert.deepEqual([...hosts], [new URL(server.origin).host]);
});

test("the playground's policy blocks scripts and requests to other hosts", { skip }, async (t) => {
  const server = await startServer(t);
  const { page } = await openPage(t);
  await page.goto(`${server.origin}/`);
  const violations = await page.evaluate(async () => {
    const found = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => found.push(effectiveDirective));
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.head.append(script);
    const outcome = await fetch('https://elsewhere.example/').then(() => 'fetched', () => 'refused');
    await new Promise((resolve) => setTimeout(resolve)); // the events are separate tasks
    return { found, outcome, ran: window.ran === true };
  });
  assert.deepEqual(violations, { found: ['script-src-elem', 'connect-src'], outcome: 'refused', ran: false });
});

// openPage opens a page in a browser that is closed after the test, and records its requests and errors.
async function openPage(t) {
  const isRoot = process.getuid?.() === 0;
  const browser = await chromium.launch({ executablePath, args: isRoot ? ['--no-sandbox'] : [] });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const requests = [];
  const complaints = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) => requests.push(socket.url()));
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  return { page, requests, complaints };
}

async function runOperation(page, text) {
  await page.evaluate((query) => document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue(query), text);
  // GraphiQL reads the text shortly after it was typed.
  await page.waitForFunction((query) => {
    const { documentAST } = document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror;
    return documentAST?.loc.source.body === query;
  }, text);
  await page.click('.graphiql-execute-button');
}

async function waitForResult(page, text) {
  await page.waitForFunction((wanted) => {
    const result = document.querySelector('.result-window .CodeMirror')?.CodeMirror;
    return result?.getValue().includes(wanted);
  }, text);
}
