package control

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// FQDN is a domain name that address objects name, and its addresses.
type FQDN struct {
	Name  string     `json:"name"` // "*." in front of a domain: every name below it
	Hosts []FQDNHost `json:"hosts"`
}

// FQDNHost is an address of a domain name.
type FQDNHost struct {
	Addr netip.Addr `json:"addr"`
	By   string     `json:"by"`  // the name that was asked for
	TTL  int64      `json:"ttl"` // seconds that it counts for yet; 0: it is over, and only sessions that began with it are judged by it
}

// NewFQDNHost is the address a, which counts for left yet.
func NewFQDNHost(a netip.Addr, by string, left time.Duration) FQDNHost {
	return FQDNHost{Addr: a, By: by, TTL: int64(max(left+time.Second-1, 0) / time.Second)}
}

func (s *Server) fqdns(w http.ResponseWriter, _ *http.Request) {
	answer(w, s.source.FQDNs(), nil)
}

// FQDNs are the domain names, and how many addresses there was no room for.
type FQDNs struct {
	Names   []FQDN `json:"names"`
	Refused uint64 `json:"refused"`
}

// String is what diagnose firewall fqdn list prints.
func (l FQDNs) String() string {
	var b strings.Builder
	for _, n := range l.Names {
		fmt.Fprintf(&b, "fqdn %s: addresses=%d\n", n.Name, n.live())
		for _, h := range n.Hosts {
			fmt.Fprintf(&b, "\t%v ttl=%d", h.Addr, h.TTL)
			if h.By != n.Name {
				fmt.Fprintf(&b, " by=%s", h.By)
			}
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(&b, "total fqdn: %d, refused=%d\n", len(l.Names), l.Refused)
	return b.String()
}

// live counts the addresses that count.
func (n *FQDN) live() (count int) {
	for _, h := range n.Hosts {
		if h.TTL > 0 {
			count++
		}
	}
	return count
}
