import { ApolloLink } from '@apollo/client'
import { BehaviorSubject, defer, finalize, first } from 'rxjs'

/** The pending requests. */
export class Requests {
  readonly #count = new BehaviorSubject(0)

  /** Counts each operation until the cache has its response. */
  readonly link = new ApolloLink((operation, forward) =>
    defer(() => {
      this.#add(1)
      return forward(operation).pipe(finalize(() => setTimeout(() => this.#add(-1))))
    }),
  )

  /** Emits once, as soon as no request is pending. */
  readonly settled = this.#count.pipe(first((count) => count === 0))

  #add(difference: number): void {
    this.#count.next(this.#count.value + difference)
  }
}
