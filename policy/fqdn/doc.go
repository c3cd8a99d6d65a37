// Package fqdn knows which addresses stand for the domain names that address
// objects name, as long as the answers of name servers say so.
//
// Theory of operation. A Book has a Name for each domain name, or wildcard of one,
// that a configuration asks for. Who sees an answer of a name server go by tells the
// Book (Learn); who has to know whether an address is one of a Name's asks the Name
// (Has). The second happens for every new session of some policies, on every worker,
// so it takes no lock: the addresses of a Name are a map that never changes, and a
// new address makes a new map. That an address is told of again, which is what
// mostly happens, is noted in place.
//
// An address that counts no longer is known as one of the past for a while (Had): a
// session that it let in does not end because policies are read anew.
//
// A Name lives as long as the Book: a table of policies keeps its Names while
// configurations come and go, and what is known of a name outlasts a configuration
// that goes on asking for it. Names that nobody asks for any more forget their
// addresses.
package fqdn
