import type { ApolloClient } from '@apollo/client'
import { graphql } from './generated'
import type { MessageVisibility } from './generated/graphql'
import { type Problem, problemOf } from './problem'

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

/** How long somebody doesn't type before their draft is saved. */
const pause = 800

/** How long a text may be that is still sent when the page is closed; browsers limit that. */
const longest = 10_000

/** Saves the viewer's draft on a ticket, one version at a time, and keeps it in the cache. */
export class DraftSaver {
  /** What the server has, as far as is known. */
  stored: Draft | null = null
  #waiting: Draft | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #saving = Promise.resolve()
  #isHeld = false

  constructor(
    private readonly client: ApolloClient,
    private readonly ticketId: string,
    /** Is told why a draft couldn't be saved, or that it could. */
    private readonly onSaved: (problem: Problem | undefined) => void,
  ) {}

  /** Saves a draft as soon as its author pauses. */
  later(draft: Draft): void {
    this.#waiting = draft
    clearTimeout(this.#timer)
    if (!this.#isHeld) this.#timer = setTimeout(() => this.flush(), pause)
  }

  /** Saves at once what waits for a pause. */
  flush(): void {
    clearTimeout(this.#timer)
    const draft = this.#waiting
    if (!draft || this.#isHeld) return
    this.#waiting = undefined
    this.#saving = this.#saving.then(() => this.#save(draft))
  }

  /** Stops saving while the text is sent: a version that arrived after it would be there again. */
  hold(): Promise<void> {
    this.#isHeld = true
    clearTimeout(this.#timer)
    return this.#saving
  }

  /** Goes on after a text couldn't be sent. */
  release(): void {
    this.#isHeld = false
    if (this.#waiting) this.later(this.#waiting)
  }

  /** Ends a draft that has been sent. The server deletes it, unless it was saved for other readers. */
  async end(visibility: MessageVisibility): Promise<void> {
    this.#isHeld = false
    this.#waiting = undefined
    if (this.stored && this.stored.visibility !== visibility) await this.#save({ body: '', visibility })
    else this.#keep(null)
  }

  async #save({ body, visibility }: Draft): Promise<void> {
    const { client, ticketId } = this
    const isEmpty = body.trim() === ''
    const context = { fetchOptions: { keepalive: body.length <= longest } }
    try {
      if (!isEmpty) {
        await client.mutate({ mutation: SaveDraft, variables: { input: { ticketId, body, visibility } }, context })
      } else if (this.stored) {
        await client.mutate({ mutation: DeleteDraft, variables: { input: { ticketId } }, context })
      }
      this.#keep(isEmpty ? null : { body, visibility })
      this.onSaved(undefined)
    } catch (error) {
      this.onSaved(problemOf(error))
    }
  }

  #keep(draft: Draft | null): void {
    this.stored = draft
    const { cache } = this.client
    const id = cache.identify({ __typename: 'Ticket', id: this.ticketId })
    if (id) cache.modify({ id, fields: { draft: () => draft && { __typename: 'TicketDraft', ...draft } } })
  }
}
