import { ApolloLink } from '@apollo/client'
import { BehaviorSubject, defer, finalize, first } from 'rxjs'

/** The requests that are under way. */
export class Requests {
  readonly #count = new BehaviorSubject(0)

  /** Counts what passes, until the cache has its answer. */
  readonly link = new ApolloLink((operation, forward) =>
    defer(() => {
      this.#add(1)
      return forward(operation).pipe(finalize(() => setTimeout(() => this.#add(-1))))
    }),
  )

  /** Emits once, as soon as no request is under way. */
  readonly settled = this.#count.pipe(first((count) => count === 0))

  #add(difference: number): void {
    this.#count.next(this.#count.value + difference)
  }
}
