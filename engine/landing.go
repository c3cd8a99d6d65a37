package engine

import (
	"fmt"
	"maps"

	"portcullis/packet"
	"portcullis/session"
)

// landings are the translated endpoints at which children of control sessions have
// arrived. What the peer is told next must not be one of them: a server that sends
// all its media from one port could not be told apart from itself.
type landings map[packet.Key]landing

// landing is the host behind an endpoint, and how many children have come to it.
type landing struct {
	host packet.Addr
	n    int
}

// bucketsOf are the keys that an expectation would have which child s could fulfil:
// from any port of its host, and of any host.
func bucketsOf(s *session.Session) [2]packet.Key {
	k := s.Key[packet.Original]
	k.SrcPort = 0
	anyone := k
	anyone.Src = packet.Addr{}
	return [2]packet.Key{k, anyone}
}

// lands says whether s is a child that came to a translated endpoint.
func lands(s *session.Session) bool {
	return s.Master.ID != 0 && s.Key[packet.Original].Dst != s.Key[packet.Reply].Src
}

func (l landings) add(s *session.Session) {
	if !lands(s) {
		return
	}
	for _, k := range bucketsOf(s) {
		x := l[k]
		x.host, x.n = s.Key[packet.Reply].Src, x.n+1
		l[k] = x
	}
}

func (l landings) remove(s *session.Session) {
	if !lands(s) {
		return
	}
	for _, k := range bucketsOf(s) {
		if x := l[k]; x.n > 1 {
			x.n--
			l[k] = x
		} else {
			delete(l, k)
		}
	}
}

// taken says whether children have come to where flows of key k, from any port,
// would, that are not of host. There is no host where none is sought an endpoint for.
func (l landings) taken(k *packet.Key, host packet.Addr) bool {
	if k.SrcPort != 0 || len(l) == 0 || host.IsZero() {
		return false
	}
	x, ok := l[*k]
	return ok && x.host != host
}

// check reports where l is not what the sessions of the table say.
func (l landings) check(table *session.Table) error {
	want := landings{}
	table.All(func(s *session.Session) bool {
		want.add(s)
		return true
	})
	if !maps.EqualFunc(l, want, func(a, b landing) bool { return a.n == b.n }) {
		return fmt.Errorf("children have landed at %v, noted are %v", want, l)
	}
	return nil
}
