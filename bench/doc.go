// Command bench measures the server: it creates data, starts the real server and some peers, sends all of them requests for the
// same content in alternating turns, and prints a line of our figures beside each peer's for each case.
//
//	go run ./bench                                     all cases with 1,000 customers
//	go run ./bench --customers 100000 --keep /tmp/b    more data, which takes minutes to create and is kept for the next run
//	go run ./bench --cases Q1,Q2 --peers go --cache 0  some cases beside one peer, without our cache
//	go run ./bench --mixed                             readers' latency during writes and log-ins
//	go run ./bench --live 1000,10000                   how soon so many subscribers have a change
//
// Q1 is a page of 50 customers with the newest 5 interactions each, and the newest 3 tickets on each of these; Q2 one
// interaction with its customer and tickets; Q3 the 20 newest open tickets with their customers' names; Q4 a page like Q1's
// with edges, fragments, aliases, total counts and a condition; L1 logs in; M1 creates a ticket, which is on disk when it is
// acknowledged. RW is Q1, Q2 and Q3 in turn beside 300 tickets a second. The latter are in the line RW_M1; their latencies count
// from when they were due.
//
// The peers are
//   - go (bench/peer), the strongest hand-written handler that we could write, on narrow tables with integer keys;
//   - bun (bench/bun), a GraphQL server of graphql-jit and bun:sqlite on the same tables, with two processes for reads and one for
//     writes. npm installs Bun; where it can't, the peer is left out, and the reason is printed;
//   - reference (bench/reference), a plain hand-written handler on a copy of the server's own file, which never changes.
//
// They check no tokens and no rights, and no mail follows from their writes. The first two know nothing but Q1 to Q3 and M1.
//
// Each server has its own copy of the data, which is removed at the end; the cases that write run last. Before a case is
// timed, the contents of the servers' responses are compared. The figures are medians over the turns. CPU time is the server's
// processor time per request, and "later" the part of it that it used after the turn's last response. Processor time and memory
// are read from /proc, so they are zero on systems without it.
//
// With --live, subscribers of one list receive 100 changes a second from our server, from a Node server with graphql-ws
// (bench/live/peer; run npm ci there) and from bench/live/sender, which only writes the messages. Every subscriber must
// receive each ticket's changes once and in order. last_byte is the time from a change's acknowledgement until the last
// subscriber has it. The subscribers need Linux, and a file descriptor each, in either process.
package main
