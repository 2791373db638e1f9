import type { MessageFragment } from './generated/graphql'

/** Whether the viewer wrote a message. */
export function isBy({ author }: Pick<MessageFragment, 'author'>, viewer: { id: string }): boolean {
  return author !== null && 'id' in author && author.id === viewer.id
}
