// Package dataplane carries frames between devices and the engine, and does
// what a router does around it: it reads batches, filters by Ethernet address,
// speaks ARP and neighbour discovery, writes link headers, fragments, and
// sends.
//
// Plane is the whole; Port is a device as the Plane sees it. Devices live below:
// afpacket (Linux packet sockets), wire (in memory, for tests). The engine is
// single threaded: the Plane holds a mutex around every call of it, and never
// around a system call.
package dataplane
