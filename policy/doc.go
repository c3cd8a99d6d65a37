// Package policy compiles the firewall policies of a configuration into one
// immutable table and answers, for a flow between two interfaces, which policy
// is the first to match.
//
// Theory of operation. What the user wrote is nested: policies name address
// groups, groups name groups, groups leave members out, lists are negated. None
// of that is left at run time. Compile resolves every address list to sorted
// disjoint spans and every service list to packed entries, both without
// pointers and in arenas that all policies share. Interfaces that the policies
// do not tell apart fall into one class; each pair of classes has a bucket, the
// policies that can match there at all, in the order of evaluation. Lookup picks
// the bucket and scans it: the first rule whose destination, source and service
// fit is the answer, and no rule at all is the implicit deny.
//
// A bucket is a list of rule numbers, so that another way of searching it can
// take the place of the scan without touching the rest.
// Traffic that a virtual IP has translated has buckets of its own, of the policies
// that name virtual IPs and of those that deny: it matches by the virtual IP
// first, and all the other traffic is searched as if there were none.
//
// The central SNAT map is compiled to such a table too: an entry asks of a flow
// what a policy does.
//
// Addresses of domain names can not be spans: they come and go while a table stays.
// A rule that names some asks their fqdn.Name beside its spans; all other rules are
// matched as if there were none.
//
// The package reads no clock, starts no goroutine and keeps no state between
// two lookups but the addresses of names; a Table may be read by many workers at once.
package policy
