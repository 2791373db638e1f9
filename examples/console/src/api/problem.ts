import { CombinedGraphQLErrors, ServerError } from '@apollo/client'
import type { GraphQLFormattedError } from 'graphql'

/** An error from any source: the code is the API's `extensions.code`, or OFFLINE. */
export interface Problem {
  code: string
  message: string
  /** The messages for wrong inputs, by path: `input.email`. */
  fields: { path: string; message: string }[]
}

export function problemOf(error: unknown): Problem {
  const first = firstError(error)
  if (!first) {
    return { code: 'OFFLINE', message: 'the server can’t be reached', fields: [] }
  }
  const extensions = first.extensions as { code?: string; fields?: Problem['fields'] } | undefined
  return { code: extensions?.code ?? 'UNKNOWN', message: first.message, fields: extensions?.fields ?? [] }
}

/** A request that is refused before it is read as GraphQL, for example for its token, has its error in the body. */
function firstError(error: unknown): GraphQLFormattedError | undefined {
  if (CombinedGraphQLErrors.is(error)) return error.errors[0]
  if (!ServerError.is(error)) return undefined
  try {
    return JSON.parse(error.bodyText).errors[0]
  } catch {
    return undefined
  }
}

/** Whether the same request may succeed later. */
export const isTemporary = ({ code }: Problem): boolean => code === 'OFFLINE' || code === 'UNAVAILABLE'

/** Returns a message for the user, who may have made no mistake: others change records too, and connections get lost. */
export function describe(problem: Problem): string {
  const { message, fields } = problem
  if (isTemporary(problem)) return sentence(`${message}; try again in a moment`)
  if (names(fields).includes('expectedLastMessageId')) {
    return 'Somebody else has just written. Your text is still here: send it again if it still fits.'
  }
  if (names(fields).includes('expectedVersion')) {
    return 'Somebody else has just changed this. Have another look, and try again.'
  }
  return sentence(fields.map((field) => `${nameOf(field.path)} ${field.message}`).join('; ') || message)
}

const names = (fields: Problem['fields']): string[] => fields.map(({ path }) => nameOf(path))

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** `input.startTime` becomes `startTime`, and `input.allowedNetworks.0` becomes `allowedNetworks`. */
export const nameOf = (path: string): string => path.match(/(\w+)(\.\d+)?$/)?.[1] ?? path
