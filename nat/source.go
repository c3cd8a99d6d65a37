package nat

import (
	"portcullis/config"
	"portcullis/packet"
)

// Filter is who may send to a source that was translated.
type Filter uint8

// Filters.
const (
	// FilterExact lets in what the client has sent to, and gives each of its
	// sessions a port of its own choice: address and port-dependent mapping and
	// filtering in the words of RFC 4787.
	FilterExact Filter = iota
	// FilterSTUN keeps one external port for all that a client sends from one of
	// its own (endpoint-independent mapping) and lets STUN messages in from any
	// host (FortiOS: permit-stun-host).
	FilterSTUN
	// FilterAny lets any UDP in that is sent to the external port (FortiOS:
	// permit-any-host).
	FilterAny
)

// Source says how the source of a session is translated: what a policy or a
// central SNAT rule says about it, compiled. It is immutable.
type Source struct {
	Pools    []*Pool // tried in order; none: an address that the caller names
	Preserve bool    // the port of the client is kept where it is free
	Fixed    bool    // the port of the client, or none
	Filter   Filter
	lo, hi   uint16 // nat-port: only these; 0: those of the pool
}

// Interface is the translation to the address of the outgoing interface, as a
// policy with nat has it by default.
var Interface = &Source{Preserve: true}

// Alone is h without its pools, for an address that goes before them.
func (h *Source) Alone() *Source {
	if len(h.Pools) == 0 {
		return h
	}
	return Interface
}

// filter is the filter of sessions to p; nil is no pool. h may be nil, too: it asks
// for none.
func (h *Source) filter(p *Pool) Filter {
	switch {
	case p != nil && p.AnyHost:
		return FilterAny
	case h == nil:
		return FilterExact
	}
	return h.Filter
}

// window is the range of ports at an address of p, or of an interface where p is
// nil.
func (h *Source) window(p *Pool, proto uint8) (first, last uint16) {
	if h.lo != 0 {
		return h.lo, h.hi
	}
	return p.window(classOf(proto))
}

// Sources is all that a configuration says about the translation of sources. It
// is immutable.
type Sources struct {
	Pools    []*Pool            // of the configuration, in order
	byAddr   [2]addrIndex       // IPv6, IPv4: to the place in Pools behind 1
	prefixed bool               // some pool is of NPTv6
	policies map[uint32]*Source // by policy id, from lowIDs on
	low      []*Source          // by policy id, below that
	central  []*Source          // by rule of the central SNAT map; nil: not translated
}

// lowIDs bounds the policies that are found without a search: nearly all have such
// an id.
const lowIDs = 1 << 14

// CompileSources makes the sources of cfg. Errors name the entry.
func CompileSources(cfg *config.Config, x Index) (*Sources, error) {
	c := sourceCompiler{index: x, pools: map[string]*Pool{}, pools6: map[string]*Pool{}, out: &Sources{policies: map[uint32]*Source{}}}
	if err := c.compilePools(cfg); err != nil {
		return nil, err
	}
	c.out.index()
	for _, p := range cfg.Policies {
		if p.NAT {
			c.out.add(p.PolicyID, c.policy(p))
		}
	}
	for _, r := range cfg.CentralSNAT {
		c.out.central = append(c.out.central, c.rule(r))
	}
	return c.out, nil
}

// Policy is how the policy of that id translates; nil where it does not.
func (s *Sources) Policy(id uint32) *Source {
	if id < lowIDs {
		if int(id) < len(s.low) {
			return s.low[id]
		}
		return nil
	}
	return s.policies[id]
}

func (s *Sources) add(id uint32, how *Source) {
	if id >= lowIDs {
		s.policies[id] = how
		return
	}
	for int(id) >= len(s.low) {
		s.low = append(s.low, nil)
	}
	s.low[id] = how
}

// Central is how that rule of the central SNAT map translates; nil where it does
// not.
func (s *Sources) Central(rule int) *Source { return s.central[rule] }

// Pool is the pool that has a among its addresses, or nil.
func (s *Sources) Pool(a packet.Addr) *Pool {
	if i := s.byAddr[family(a)].find(a); i != 0 {
		return s.Pools[i-1]
	}
	return nil
}

func family(a packet.Addr) int {
	if a.Is4() {
		return 1
	}
	return 0
}

// index makes byAddr.
func (s *Sources) index() {
	var ranges [2][]ranked
	for i, p := range s.Pools {
		f := family(p.First())
		s.prefixed = s.prefixed || p.Method == NPTv6
		ranges[f] = append(ranges[f], ranked{reach{p.First(), p.Last()}, uint32(i)})
	}
	for f := range ranges {
		s.byAddr[f] = newAddrIndex(ranges[f], func(ranks []uint32) uint32 { return ranks[0] + 1 })
	}
}

// Inward is the inner address behind an outer one of an NPTv6 pool.
func (s *Sources) Inward(a packet.Addr) (packet.Addr, bool) {
	if !s.prefixed {
		return a, false
	}
	if p := s.Pool(a); p != nil && p.Method == NPTv6 {
		return p.prefix.in(a)
	}
	return a, false
}

// Reaches says whether a session that is translated by h may have address a: one
// of its pools', or the caller's own where it has none.
func (h *Source) Reaches(a, own packet.Addr) bool {
	if len(h.Pools) == 0 {
		return a == own
	}
	for _, p := range h.Pools {
		if p.Holds(a) {
			return true
		}
	}
	return false
}
