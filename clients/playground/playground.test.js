// The playground in headless Chromium: a nested query, a mutation and a subscription, without requests to other hosts, and what the page
// says to somebody who opens it for the first time.
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
  await open(page, server);
  await setHeaders(page, tokens.accessToken);
  await openAndClose(page, '.graphiql-execute-button', 'menuitem');
  await openAndClose(page, 'button[aria-label="Open settings dialog"]', 'dialog');

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

for (const viewport of [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
]) {
  test(`the playground explains itself at ${viewport.width} pixels`, { skip }, async (t) => {
    const server = await startServer(t);
    const { page, complaints } = await openPage(t, viewport);
    await open(page, server);
    await waitForStatus(page, /^Nobody is logged in\./);
    assert.deepEqual(await outside(page, ['.guide', '.graphiql-execute-button', '.graphiql-editor-tools', '.graphiql-sidebar']), []);

    await page.click('.graphiql-execute-button');
    await page.click('[role=menuitem]:has-text("SignUp")');
    await waitForStatus(page, /^Logged in as a user, until /);
    await page.click('.graphiql-tab:nth-child(2) button');
    await waitUntilRead(page, 'customers(');
    await waitForStatus(page, /^Logged in as a user, until /);
    await page.click('.graphiql-execute-button');
    await waitForResult(page, '"totalCount": 0');
    assert.deepEqual(await outside(page, ['.guide', '.result-window', '.graphiql-query-editor .CodeMirror-sizer']), []);

    await page.click('button[aria-label="Show Documentation Explorer"]');
    await page.click('.graphiql-doc-explorer a:has-text("Query")');
    await page.getByText(/Roles: ADMIN, USER, CUSTOMER\.$/).first().waitFor();
    assert.deepEqual(await outside(page, ['.graphiql-doc-explorer h2, .graphiql-doc-explorer-title']), []);
    assert.deepEqual(complaints, []);
  });
}

test('the playground says that a subscription waits', { skip }, async (t) => {
  const server = await startServer(t);
  const { tokens, ticketIds: [ticket] } = await populate(server);
  const { page } = await openPage(t);
  await open(page, server);
  await setHeaders(page, tokens.accessToken);
  await runOperation(page, 'subscription { ticketChanged(where: { status: { eq: IN_PROGRESS } }) { kind } }');
  await waitForStatus(page, /^Subscribed, and waiting for the first change\./);
  const after = await latestSeq(server, tokens.accessToken);
  await page.click('.graphiql-execute-button'); // stops it
  await waitForStatus(page, /^Logged in as a user, until /);
  await moveTicket(server, tokens.accessToken, ticket, 'IN_PROGRESS');
  await runOperation(page, `subscription { ticketChanged(after: "${after}") { kind } }`);
  await waitForStatus(page, /^1 change so far; waiting for more\.$/);
});

test('logging in replaces the token of the same account in other tabs, and no other one', { skip }, async (t) => {
  const server = await startServer(t);
  const { tokens } = await populate(server);
  const { page } = await openPage(t);
  await open(page, server);
  await setHeaders(page, 'a-key-of-the-user');
  await waitForStatus(page, /^Headers contains a token or a key of your own\.$/);
  await page.click('.graphiql-tab:nth-child(2) button');
  await waitForStatus(page, /^Nobody is logged in\./);
  await runOperation(page, `mutation { renewed: refresh(input: { refreshToken: "${tokens.refreshToken}" }) { tokens { accessToken } } }`);
  await waitForStatus(page, /^Logged in as a user, until /);
  await page.click('.graphiql-tab:nth-child(1) button');
  await waitForStatus(page, /^Headers contains a token or a key of your own\.$/);
  await setHeaders(page, tokens.accessToken);
  await page.click('.graphiql-tab:nth-child(2) button');
  await page.waitForFunction(() => document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue().includes('renewed'));
  await page.click('.graphiql-tab:nth-child(1) button');
  await page.waitForFunction((old) => {
    const headers = [...document.querySelectorAll('.CodeMirror')].map((editor) => editor.CodeMirror.getValue());
    return headers.some((text) => text.includes('Bearer ')) && !headers.some((text) => text.includes(old));
  }, tokens.accessToken);
});

async function open(page, server) {
  await page.goto(`${server.origin}/`);
  await page.waitForFunction(() => document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getOption('lint')?.schema);
}

// openAndClose opens a menu or dialog, whose elements have the role, and closes it.
async function openAndClose(page, button, role) {
  await page.click(button);
  await page.waitForSelector(`[role=${role}]`);
  await page.keyboard.press('Escape');
  await page.waitForSelector(`[role=${role}]`, { state: 'detached' });
}

async function setHeaders(page, token) {
  await page.evaluate((text) => {
    [...document.querySelectorAll('.CodeMirror')].find((editor) => editor.CodeMirror.getValue().includes('Authorization'))
      .CodeMirror.setValue(text);
  }, JSON.stringify({ Authorization: `Bearer ${token}` }));
}

async function waitForStatus(page, pattern) {
  await page.waitForFunction((wanted) => new RegExp(wanted).test(document.querySelector('.guide [role=status]')?.textContent), pattern.source);
}

// outside returns those of the elements that are missing or not entirely within the window's width, or begin below its end.
function outside(page, selectors) {
  return page.evaluate((all) => all.filter((selector) => {
    const box = document.querySelector(selector)?.getBoundingClientRect();
    return !box || box.width < 40 || box.left < 0 || box.right > innerWidth || box.top < 0 || box.top > innerHeight;
  }), selectors);
}

// openPage opens a page in a browser that is closed after the test, and records its requests and errors.
async function openPage(t, viewport = { width: 1400, height: 900 }) {
  const isRoot = process.getuid?.() === 0;
  const browser = await chromium.launch({ executablePath, args: isRoot ? ['--no-sandbox'] : [] });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport });
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
  await waitUntilRead(page, text);
  await page.click('.graphiql-execute-button');
}

// waitUntilRead waits until GraphiQL has read a text that contains the part, which it does shortly after the editor shows the text.
// Before, the button to execute offers the operations of the previous text.
async function waitUntilRead(page, part) {
  await page.waitForFunction((wanted) => {
    const editor = document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror;
    return editor.getValue().includes(wanted) && editor.documentAST?.loc.source.body === editor.getValue();
  }, part);
}

async function waitForResult(page, text) {
  await page.waitForFunction((wanted) => {
    const result = document.querySelector('.result-window .CodeMirror')?.CodeMirror;
    return result?.getValue().includes(wanted);
  }, text);
}
