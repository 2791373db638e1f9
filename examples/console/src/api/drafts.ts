import type { ApolloClient } from '@apollo/client'
import { graphql } from './generated'
import type { MessageVisibility } from './generated/graphql'
import { isTemporary, type Problem, problemOf } from './problem'

const SaveDraft = graphql(`
  mutation SaveDraft($input: SaveDraftInput!) {
    saveDraft(input: $input) {
      draft {
        body
        visibility
      }
    }
  }
`)

const DeleteDraft = graphql(`
  mutation DeleteDraft($input: DeleteDraftInput!) {
    deleteDraft(input: $input) {
      ticket {
        id
      }
    }
  }
`)

/** An unfinished message. */
export interface Draft {
  body: string
  visibility: MessageVisibility
}

/** How many milliseconds after the last keystroke a draft is saved. */
const pause = 800

/** The length up to which a text is sent even if the page is closed meanwhile; browsers limit such requests to 64 kB. */
const longest = 10_000

/** How long to wait before saving is tried again: from two seconds to half a minute. */
const pauseAfter = (failures: number) => Math.min(30_000, 1000 * 2 ** failures)

/** Saves the viewer's draft on a ticket, one version at a time, and keeps it in the cache. */
export class DraftSaver {
  /** The draft that the server has; undefined if that isn't known, because a request failed. */
  stored: Draft | null | undefined = null
  #waiting: Draft | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #saving = Promise.resolve()
  #failures = 0
  #isHeld = false
  #isOpen = true

  constructor(
    private readonly client: ApolloClient,
    private readonly ticketId: string,
    /** Is told after every attempt why it failed, or undefined. */
    private readonly onResult: (problem: Problem | undefined) => void,
  ) {}

  /** Starts to retry again after `close`. */
  open(): void {
    this.#isOpen = true
  }

  /** Saves what is waiting, once: a later attempt could overwrite what is written on the ticket's next screen. */
  close(): void {
    this.#isOpen = false
    this.flush()
  }

  /** Saves a draft as soon as its author pauses. */
  later(draft: Draft): void {
    this.#waiting = draft
    this.#flushAfter(pause)
  }

  /** Saves the waiting draft at once, if there is one. Resolves when no save is pending, whether they succeeded or not. */
  readonly flush = (): Promise<void> => {
    clearTimeout(this.#timer)
    const draft = this.#waiting
    if (draft && !this.#isHeld) {
      this.#waiting = undefined
      this.#saving = this.#saving.then(() => this.#save(draft))
    }
    return this.#saving
  }

  /** Stops saving while the text is sent. A version that was saved after that would be a draft of a text that has been sent. */
  hold(): Promise<void> {
    this.#isHeld = true
    clearTimeout(this.#timer)
    return this.#saving
  }

  /** Resumes saving after a text couldn't be sent. */
  release(): void {
    this.#isHeld = false
    if (this.#waiting) this.#flushAfter(pause)
  }

  /** Ends the draft of a text that has been sent to these readers. The server deletes a draft for the same readers itself. */
  end(visibility: MessageVisibility): void {
    this.#isHeld = false
    this.#waiting = undefined
    if (this.stored === null || this.stored?.visibility === visibility) return this.#keep(null)
    this.#waiting = { body: '', visibility }
    this.flush()
  }

  #flushAfter(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (!this.#isHeld) this.#timer = setTimeout(this.flush, milliseconds)
  }

  async #save(draft: Draft): Promise<void> {
    try {
      await this.#send(draft)
      this.#failures = 0
      this.onResult(undefined)
    } catch (error) {
      // The server may have executed the request nevertheless.
      this.stored = undefined
      const problem = problemOf(error)
      this.onResult(problem)
      if (isTemporary(problem)) this.#retry(draft)
    }
  }

  async #send({ body, visibility }: Draft): Promise<void> {
    const { client, ticketId } = this
    const context = { fetchOptions: { keepalive: body.length <= longest } }
    if (body.trim() === '') {
      await client.mutate({ mutation: DeleteDraft, variables: { input: { ticketId } }, context })
      this.#keep(null)
    } else {
      await client.mutate({ mutation: SaveDraft, variables: { input: { ticketId, body, visibility } }, context })
      this.#keep({ body, visibility })
    }
  }

  /** Lets a draft that couldn't be saved wait for another attempt, unless a newer version is waiting. */
  #retry(draft: Draft): void {
    this.#failures++
    if (this.#waiting || !this.#isOpen) return
    this.#waiting = draft
    this.#flushAfter(pauseAfter(this.#failures))
  }

  #keep(draft: Draft | null): void {
    this.stored = draft
    const { cache } = this.client
    const id = cache.identify({ __typename: 'Ticket', id: this.ticketId })
    if (id) cache.modify({ id, fields: { draft: () => draft && { __typename: 'TicketDraft', ...draft } } })
  }
}
