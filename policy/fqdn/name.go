package fqdn

import (
	"sync/atomic"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// Name is a domain name in lower case, or a wildcard: "*." and a domain, which stands
// for every name below that domain. Has may be called from any goroutine; nil has no
// address.
type Name struct {
	text   string
	ttl    time.Duration // an address counts for so long at least
	wanted bool          // a configuration asks for it
	hosts  atomic.Pointer[map[packet.Addr]*host]
}

// host is an address of a name, or has been one lately.
type host struct {
	by      string       // the domain name that it was an address of
	expires atomic.Int64 // session.Tick
	past    atomic.Bool  // it counts no longer
}

// String is the domain name.
func (n *Name) String() string { return n.text }

// Has says whether a is an address of n now.
func (n *Name) Has(a packet.Addr) bool {
	if n == nil {
		return false
	}
	hosts := n.hosts.Load()
	if hosts == nil {
		return false
	}
	h := (*hosts)[a]
	return h != nil && !h.past.Load()
}

// Had says whether a is an address of n, or has been one within the last Memory.
func (n *Name) Had(a packet.Addr) bool { return n != nil && n.all()[a] != nil }

// all are the addresses of n, which nobody changes.
func (n *Name) all() map[packet.Addr]*host {
	if hosts := n.hosts.Load(); hosts != nil {
		return *hosts
	}
	return nil
}

// put enters a until a time, or has it stay until then. It reports false where n has
// as many addresses as it may.
func (n *Name) put(a packet.Addr, by string, until session.Tick) bool {
	old := n.all()
	if h := old[a]; h != nil {
		h.expires.Store(max(h.expires.Load(), int64(until)))
		h.past.Store(false)
		return true
	}
	next := make(map[packet.Addr]*host, len(old)+1)
	for k, h := range old {
		if len(old) < MaxHosts || !h.past.Load() {
			next[k] = h
		}
	}
	if len(next) >= MaxHosts {
		return false
	}
	h := &host{by: by}
	h.expires.Store(int64(until))
	next[a] = h
	n.hosts.Store(&next)
	return true
}

// expire has what is over count no longer at now, and forgets what has not counted
// for Memory. It returns when there will be more of it; 0 is never.
func (n *Name) expire(now session.Tick) (next session.Tick) {
	old := n.all()
	gone := 0
	for _, h := range old {
		at := session.Tick(h.expires.Load())
		if at <= now {
			h.past.Store(true)
			at = at.Add(Memory)
		}
		switch {
		case at <= now:
			gone++
		case next == 0 || at < next:
			next = at
		}
	}
	if gone == 0 {
		return next
	}
	kept := make(map[packet.Addr]*host, len(old)-gone)
	for k, h := range old {
		if session.Tick(h.expires.Load()).Add(Memory) > now {
			kept[k] = h
		}
	}
	n.hosts.Store(&kept)
	return next
}
