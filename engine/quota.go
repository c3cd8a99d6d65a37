package engine

import (
	"fmt"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/session"
)

// quota is what a per-IP shaper allows each source; 0 is no limit.
type quota struct{ all, tcp, udp uint32 }

// quotas are the per-IP shapers of a configuration. A session keeps the number
// of its own, which means the same under the next ruleset: see Names.
type quotas struct {
	limits   []quota           // by shaper number
	policies map[uint32]uint16 // shaper by policy id, where there is one
}

func compileQuotas(cfg *config.Config, names *Names) (quotas, error) {
	var q quotas
	numbers := map[string]uint16{}
	for _, p := range cfg.PerIP {
		n, err := names.shaperNumber(p.Name)
		if err != nil {
			return q, err
		}
		for len(q.limits) <= int(n) {
			q.limits = append(q.limits, quota{})
		}
		q.limits[n] = quota{all: p.Sessions, tcp: p.TCPSessions, udp: p.UDPSessions}
		numbers[p.Name] = n
	}
	for _, p := range cfg.Policies {
		if p.PerIPShaper == "" {
			continue
		}
		n, ok := numbers[p.PerIPShaper]
		if !ok {
			return q, fmt.Errorf("firewall policy %d: per-ip-shaper %q: no such per-ip-shaper", p.PolicyID, p.PerIPShaper)
		}
		if q.policies == nil {
			q.policies = map[uint32]uint16{}
		}
		q.policies[p.PolicyID] = n
	}
	return q, nil
}

// shaper is the number of a policy's per-IP shaper, 0 where it has none.
func (q *quotas) shaper(policy uint32) uint16 {
	if q.policies == nil {
		return 0
	}
	return q.policies[policy]
}

// patron is a source address under a per-IP shaper: what sessions are counted
// for.
type patron struct {
	addr   packet.Addr
	shaper uint16
}

// tally is how many live sessions a patron has.
type tally struct{ all, tcp, udp uint32 }

// add counts a session of protocol proto more, or less where by is -1.
func (t *tally) add(proto uint8, by int32) {
	t.all += uint32(by)
	switch proto {
	case packet.ProtoTCP:
		t.tcp += uint32(by)
	case packet.ProtoUDP:
		t.udp += uint32(by)
	}
}

// tallies are the patrons that have sessions. They cost nothing where there is no
// shaper.
type tallies map[patron]tally

func (all *tallies) add(p patron, proto uint8, by int32) {
	t := (*all)[p]
	t.add(proto, by)
	switch {
	case t.all == 0:
		if delete(*all, p); len(*all) == 0 {
			*all = nil // after a flood of sources, its memory goes
		}
	case *all == nil:
		*all = tallies{p: t}
	default:
		(*all)[p] = t
	}
}

// check compares the counts with the sessions that there are: for tests.
func (all tallies) check(t *session.Table) error {
	var seen tallies
	t.All(func(s *session.Session) bool {
		if s.Shaper != 0 {
			seen.add(patron{source(s), s.Shaper}, s.Key[packet.Original].Proto, 1)
		}
		return true
	})
	for p, n := range seen {
		if all[p] != n {
			return fmt.Errorf("per-ip-shaper %d: %v has %+v sessions, %+v are counted", p.shaper, p.addr, n, all[p])
		}
	}
	if len(all) != len(seen) {
		return fmt.Errorf("%d sources of per-IP shapers are counted, %d have sessions", len(all), len(seen))
	}
	return nil
}

// full says whether q allows no further session of protocol proto.
func (t *tally) full(q quota, proto uint8) bool {
	return q.all != 0 && t.all >= q.all ||
		q.tcp != 0 && proto == packet.ProtoTCP && t.tcp >= q.tcp ||
		q.udp != 0 && proto == packet.ProtoUDP && t.udp >= q.udp
}

// source is whom s is counted for: who opened it or, of a helper's child, who
// opened its control session. That is the other side where the child was opened
// against the direction of its policy; a helper announces no endpoint but its
// sender's own.
func source(s *session.Session) packet.Addr {
	if s.Against {
		return s.Leaving(packet.Original).Dst
	}
	return s.Key[packet.Original].Src
}

// mayHave says whether the source addr may have another session of protocol
// proto under a per-IP shaper.
func (w *Worker) mayHave(addr packet.Addr, shaper uint16, proto uint8) bool {
	if shaper == 0 || int(shaper) >= len(w.rules.quotas.limits) {
		return true
	}
	t := w.tallies[patron{addr, shaper}]
	return !t.full(w.rules.quotas.limits[shaper], proto)
}

// shape makes s, which lives, a session of that per-IP shaper; 0 is none. Every
// session that ends is shaped by none first.
func (w *Worker) shape(s *session.Session, shaper uint16) {
	if s.Shaper == shaper {
		return
	}
	addr, proto := source(s), s.Key[packet.Original].Proto
	if s.Shaper != 0 {
		w.tallies.add(patron{addr, s.Shaper}, proto, -1)
	}
	s.Shaper = shaper
	if shaper != 0 {
		w.tallies.add(patron{addr, shaper}, proto, 1)
	}
}
