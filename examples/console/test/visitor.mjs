import assert from 'node:assert/strict'

/** A user of the page, who finds elements as assistive technology does: by roles and labels. */
export class Visitor {
  /** The errors of the page's scripts. */
  complaints = []
  /** How many times the page was loaded. */
  loads = 0

  constructor(tab) {
    this.tab = tab
    tab.on('pageerror', (error) => this.complaints.push(error.message))
    tab.on('load', () => this.loads++)
  }

  /** Opens the page in a new browser context, or in another tab of an existing one. */
  static async open(browser, address, next) {
    const context = next?.tab.context() ?? (await browser.newContext({ viewport: { width: 1280, height: 800 } }))
    context.setDefaultTimeout(15_000)
    const visitor = new Visitor(await context.newPage())
    await visitor.tab.goto(address)
    return visitor
  }

  async fill(form, values) {
    const fields = this.tab.getByRole('form', { name: form, exact: true })
    for (const [label, value] of Object.entries(values)) await fields.getByLabel(label, { exact: true }).fill(value)
    await fields.getByRole('button').last().click()
  }

  async signUp(name, email, password) {
    await this.follow('Sign up')
    await this.fill('Sign up', { Name: name, 'E-mail': email, Password: password })
  }

  follow = (link) => this.tab.getByRole('link', { name: link, exact: true }).click()

  press = (button) => this.tab.getByRole('button', { name: button, exact: true }).click()

  /** Waits until an element has the focus. */
  hasFocus = (element) => element.and(this.tab.locator(':focus')).waitFor()

  /** Presses Tab until an element has the focus. */
  async tabTo(element) {
    for (let n = 0; n < 20; n++) {
      await this.tab.keyboard.press('Tab')
      if (await element.and(this.tab.locator(':focus')).count()) return
    }
    assert.fail(`Tab doesn’t lead to ${element}`)
  }

  /** Checks that nothing is wider than the window. */
  async fits() {
    const { width, scrolls } = await this.tab.evaluate(() => ({
      width: document.documentElement.clientWidth,
      scrolls: document.documentElement.scrollWidth,
    }))
    assert.ok(scrolls <= width, `the page is ${scrolls} pixels wide`)
  }

  async raiseTicket(interaction, description) {
    await this.tab.getByRole('article', { name: interaction }).getByText('Raise a ticket').click()
    await this.fill('Raise a ticket', { Description: description })
  }

  ticket = (description) => this.tab.getByRole('listitem').filter({ hasText: description })

  move = (description, button) => this.ticket(description).getByRole('button', { name: button }).click()

  /** Waits for a message that assistive technology reads out at once. */
  isTold = (text) => this.tab.getByRole('alert').filter({ hasText: text }).waitFor()

  /** Waits until an element of the page has exactly this text. */
  sees = (text) => this.tab.getByText(text, { exact: true }).waitFor()

  isLive = () => this.sees('live')

  /** The page's stored session. */
  tokens = (side) => this.tab.evaluate(useKept, [`crm.session.${side}`])

  keepTokens = (side, tokens) => this.tab.evaluate(useKept, [`crm.session.${side}`, tokens])

  /** Delays the next response to an operation: `isHeld` once it has arrived, until `release`. */
  async holdAnswer(operation) {
    const held = newPromise()
    const released = newPromise()
    await this.tab.route('**/graphql', async (route) => {
      if (route.request().postDataJSON()?.operationName !== operation) return route.continue()
      const response = await route.fetch()
      held.resolve()
      await released.promise
      await route.fulfill({ response })
    })
    return { isHeld: held.promise, release: released.resolve }
  }

  /** Cuts off an operation from the server, until the function that it returns is called. */
  async cutOff(operation) {
    const cut = (route) =>
      route.request().postDataJSON()?.operationName === operation ? route.abort() : route.fallback()
    await this.tab.route('**/graphql', cut)
    return () => this.tab.unroute('**/graphql', cut)
  }

  /** Waits for the next answer to an operation. */
  answerTo = (operation) =>
    this.tab.waitForResponse((response) => response.request().postData()?.includes(`"operationName":"${operation}"`))

  /** Waits for a message with that text on the page's WebSocket. */
  async receives(text) {
    const socket = await this.tab.waitForEvent('websocket')
    await socket.waitForEvent('framereceived', ({ payload }) => payload.includes(text))
  }

  /** Takes a screenshot of the page if SCREENSHOTS names a folder. */
  async shoot(name) {
    const folder = process.env.SCREENSHOTS
    if (folder) await this.tab.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
  }
}

/** Reads or writes a value in the storage of the page. It runs in the page. */
function useKept([key, value]) {
  const asPromise = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  return asPromise(indexedDB.open('keyval-store')).then((database) => {
    const store = database.transaction('keyval', 'readwrite').objectStore('keyval')
    return asPromise(value ? store.put(value, key) : store.get(key)).finally(() => database.close())
  })
}

/** A promise with its resolve function. */
function newPromise() {
  let resolve
  const promise = new Promise((fulfil) => (resolve = fulfil))
  return { promise, resolve }
}

/** Closes the first WebSocket with the code after its connection_init, and lets the others through. */
export function closeOnce(code) {
  let isClosed = false
  return (socket) => {
    if (isClosed) return socket.connectToServer()
    isClosed = true
    socket.onMessage(() => socket.close({ code, reason: 'Forbidden' }))
  }
}

/** Lets a WebSocket through, except the first operation with a name, which fails with the code. */
export function answerOnce(operation, code) {
  let isAnswered = false
  return (socket) => {
    const server = socket.connectToServer()
    socket.onMessage((message) => {
      const { id, payload } = JSON.parse(message)
      if (isAnswered || payload?.operationName !== operation) return server.send(message)
      isAnswered = true
      socket.send(JSON.stringify({ id, type: 'error', payload: [{ message: 'refused', extensions: { code } }] }))
    })
  }
}
