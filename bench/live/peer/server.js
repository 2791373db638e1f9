// A server of one subscription with graphql-ws, which bench --live compares ours with. POST /change carries a change, which
// it answers and then publishes to all subscribers. It checks no rights and stores nothing.
import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const schema = buildSchema(`
  type Query { seq: String }
  type Subscription { ticketChanged: TicketChange! }
  type TicketChange { seq: String!, at: String!, kind: String!, ticketId: ID!, ticket: Ticket }
  type Ticket { id: ID!, title: String!, status: String!, priority: String!, updatedAt: String!, customer: Customer }
  type Customer { id: ID!, name: String! }
`);

// Changes queues what one subscriber has not read yet.
class Changes {
  waiting = [];
  wake = null;
  push(change) {
    if (this.wake) {
      this.wake({ value: change, done: false });
      this.wake = null;
    } else {
      this.waiting.push(change);
    }
  }
  next() {
    if (this.waiting.length > 0) return Promise.resolve({ value: this.waiting.shift(), done: false });
    return new Promise((resolve) => { this.wake = resolve; });
  }
  return() {
    subscribers.delete(this);
    return Promise.resolve({ value: undefined, done: true });
  }
  [Symbol.asyncIterator]() { return this; }
}

const subscribers = new Set();
const roots = {
  subscription: {
    ticketChanged() {
      const changes = new Changes();
      subscribers.add(changes);
      return changes;
    },
  },
};

const http = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const change = { ticketChanged: JSON.parse(Buffer.concat(chunks)) };
    response.end('{}');
    setImmediate(() => { for (const subscriber of subscribers) subscriber.push(change); });
  });
});
useServer({ schema, roots }, new WebSocketServer({ server: http, path: '/graphql' }));
http.listen(Number(process.env.PORT), '127.0.0.1', 4096, () => {
  console.log(`Peer http://127.0.0.1:${http.address().port}/`);
});
process.on('SIGTERM', () => process.exit(0));
