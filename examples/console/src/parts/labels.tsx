import type {
  InteractionKind,
  InteractionStatus,
  MessageFragment,
  Priority,
  Role,
  TicketStatus,
} from '../api/generated/graphql'
import { isBy } from '../api/messages'

export const statusLabels: Record<TicketStatus, string> = {
  OPEN: 'Open',
  IN_PROGRESS: 'In progress',
  PENDING: 'Waiting for the customer',
  RESOLVED: 'Resolved',
  CLOSED: 'Closed',
}

/** The label of the button that moves a ticket to a status. */
export const moveLabels: Record<TicketStatus, string> = {
  OPEN: 'Reopen',
  IN_PROGRESS: 'Start work',
  PENDING: 'Wait for the customer',
  RESOLVED: 'Resolve',
  CLOSED: 'Close',
}

export const priorityLabels: Record<Priority, string> = {
  LOW: 'Low',
  MEDIUM: 'Medium',
  HIGH: 'High',
  URGENT: 'Urgent',
}

export const kindLabels: Record<InteractionKind, string> = {
  MEETING: 'Meeting',
  TASK: 'Task',
  FOLLOW_UP: 'Follow-up',
}

export const interactionStatusLabels: Record<InteractionStatus, string> = {
  PLANNED: 'Planned',
  DONE: 'Done',
  CANCELLED: 'Cancelled',
}

/** The roles of staff. */
export const roleLabels: Record<Exclude<Role, 'CUSTOMER'>, string> = { USER: 'User', ADMIN: 'Admin' }

const moments = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** A point in time of the API in the viewer's locale. */
export const moment = (time: string): string => moments.format(new Date(time))

const sizes = new Intl.NumberFormat(undefined, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 0 })

/** The size of a file. */
export const kilobytes = (bytes: number): string => sizes.format(Math.ceil(bytes / 1000))

/** Who wrote a message, as the viewer calls them. Somebody who wrote by mail may have no account, and no name. */
export function authorOf(message: Pick<MessageFragment, 'author'>, viewer: { id: string }): string {
  if (isBy(message, viewer)) return 'You'
  const { author } = message
  return author?.name || (author && 'email' in author && author.email) || 'Somebody'
}

/** The options of a select: all that have labels, or only some. */
export function Options({ labels, only }: { labels: Record<string, string>; only?: readonly string[] }) {
  return (only ?? Object.keys(labels)).map((value) => (
    <option key={value} value={value}>
      {labels[value]}
    </option>
  ))
}
