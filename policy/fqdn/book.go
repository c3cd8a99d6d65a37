package fqdn

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// Bounds of how long an address counts, whatever a name server says: clients go on
// using what they were told for a while.
const (
	LeastTTL = time.Minute
	MostTTL  = 24 * time.Hour
)

// Memory is for how long it is known that an address was one of a name after it
// counts no longer: sessions that began with it are judged by that.
const Memory = 7 * 24 * time.Hour

// MaxHosts bounds the addresses of one name; those that count no longer give way.
const MaxHosts = 1024

// Wish is a name that a configuration asks for.
type Wish struct {
	Name string        // in lower case; "*." in front of a domain is a wildcard
	TTL  time.Duration // FortiOS's cache-ttl: an address counts for so long at least
}

// Book has all names. It may be used from any goroutine. The zero value is empty.
type Book struct {
	mu      sync.Mutex
	names   map[string]*Name
	wanted  atomic.Int32 // names that are asked for
	next    atomic.Int64 // session.Tick; no address expires before
	refused uint64       // addresses there was no room for
}

// Name is the one with that text, which is made where there is none.
func (b *Book) Name(text string) *Name {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.name(text)
}

func (b *Book) name(text string) *Name {
	n := b.names[text]
	if n == nil {
		if b.names == nil {
			b.names = map[string]*Name{}
		}
		n = &Name{text: text}
		b.names[text] = n
	}
	return n
}

// Obey has b learn the addresses of those names, and of no others. What others had
// is forgotten.
func (b *Book) Obey(wishes []Wish) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.names {
		n.wanted, n.ttl = false, 0
	}
	for _, w := range wishes {
		n := b.name(w.Name)
		n.wanted, n.ttl = true, max(n.ttl, w.TTL)
	}
	wanted := int32(0)
	for _, n := range b.names {
		if n.wanted {
			wanted++
		} else {
			n.hosts.Store(nil)
		}
	}
	b.wanted.Store(wanted)
}

// Idle says that no name is asked for, so that there is nothing to learn.
func (b *Book) Idle() bool { return b.wanted.Load() == 0 }

// Learn notes that a name server has answered that a is an address of name, which is
// in lower case, for ttl from now on.
func (b *Book) Learn(name string, a packet.Addr, ttl time.Duration, now session.Tick) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n := range b.matching(name) {
		b.enter(n, name, a, now.Add(min(max(ttl, n.ttl, LeastTTL), MostTTL)))
	}
}

// Restore enters what another process knew: a, which was an address of by, counts as
// one of the name asked for, until a time. That may have passed.
func (b *Book) Restore(name, by string, a packet.Addr, until session.Tick) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.names[name]; n != nil && n.wanted {
		b.enter(n, by, a, until)
	}
}

// enter has a count as an address of n until a time.
func (b *Book) enter(n *Name, by string, a packet.Addr, until session.Tick) {
	if !n.put(a, by, until) {
		b.refused++
		return
	}
	if at := b.next.Load(); at == 0 || int64(until) < at {
		b.next.Store(int64(until))
	}
}

// matching are the names asked for that stand for name: itself, and the wildcards of
// the domains above it.
func (b *Book) matching(name string) func(yield func(*Name) bool) {
	return func(yield func(*Name) bool) {
		if n := b.names[name]; n != nil && n.wanted && !yield(n) {
			return
		}
		for rest := name; ; {
			_, above, ok := strings.Cut(rest, ".")
			if !ok {
				return
			}
			if n := b.names["*."+above]; n != nil && n.wanted && !yield(n) {
				return
			}
			rest = above
		}
	}
}

// Expire takes out the addresses that count no longer. It costs nothing where there
// are none.
func (b *Book) Expire(now session.Tick) {
	if at := b.next.Load(); at == 0 || int64(now) < at {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := session.Tick(0)
	for _, n := range b.names {
		if at := n.expire(now); at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	b.next.Store(int64(next))
}

// Entry is what is known of a name.
type Entry struct {
	Name  string
	Hosts []Host // by address
}

// Host is an address of a name.
type Host struct {
	Addr packet.Addr
	By   string        // the domain name that was asked for: of a wildcard, one below it
	Left time.Duration // how long it counts yet; 0 or less: it is over
}

// List is what is known of the names that are asked for, by name, what is over
// included, and how many addresses there was no room for since the start.
func (b *Book) List(now session.Tick) (all []Entry, refused uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.names {
		if !n.wanted {
			continue
		}
		e := Entry{Name: n.text}
		for a, h := range n.all() {
			e.Hosts = append(e.Hosts, Host{Addr: a, By: h.by, Left: session.Tick(h.expires.Load()).Sub(now)})
		}
		slices.SortFunc(e.Hosts, func(x, y Host) int { return x.Addr.Netip().Compare(y.Addr.Netip()) })
		all = append(all, e)
	}
	slices.SortFunc(all, func(x, y Entry) int { return cmp.Compare(x.Name, y.Name) })
	return all, b.refused
}
