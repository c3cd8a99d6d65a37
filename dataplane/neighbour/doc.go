// Package neighbour finds the Ethernet addresses of the stations on a link:
// ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861) as a router speaks
// them.
//
// A Table is the state of one interface. It opens no socket and reads no
// clock: received messages and ticks go in, frames to send come out in an
// Outbox.
package neighbour
