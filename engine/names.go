package engine

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/policy/fqdn"
)

// Names numbers what packets, sessions and events carry as numbers: interfaces,
// services, shapers, helpers, gateways, timers. It only grows, so that a number
// means the same under every ruleset: a session may keep its numbers while
// rulesets come and go. It may be used from any goroutine.
type Names struct {
	mu         sync.RWMutex
	interfaces intern
	services   intern
	gateways   []packet.Addr // by number; 0 is none
	hops       map[packet.Addr]uint16
	policies   map[uint32]string
	helpers    []*helpers.Helper
	shapers    register[string]
	pools      register[poolName]
	timers     register[timers]
	ttls       register[ttl]
	profiles   register[profile]
	whys       register[string] // why helpers let go of sessions
	hosts      fqdn.Book        // addresses of domain names
}

// Hosts are the addresses of the domain names that address objects name.
func (n *Names) Hosts() *fqdn.Book { return &n.hosts }

// poolName is the name of an IP pool. One of firewall.ippool and one of
// firewall.ippool6 may have the same.
type poolName struct {
	name string
	six  bool
}

// String is how the pool is called where its number is read.
func (p poolName) String() string { return p.name }

// register numbers values in order of their first appearance.
type register[V comparable] struct {
	numbers map[V]uint16
	values  []V
}

// number is the number of v, which gets one where it has none. noun says what v
// is where there is none left.
func (r *register[V]) number(v V, noun string) (uint16, error) {
	if n, ok := r.numbers[v]; ok {
		return n, nil
	}
	if len(r.values) > math.MaxUint16 {
		return 0, fmt.Errorf("%s %v: expected at most %d different ones between two starts", noun, v, len(r.values))
	}
	if r.numbers == nil {
		r.numbers = map[V]uint16{}
	}
	n := uint16(len(r.values))
	r.numbers[v] = n
	r.values = append(r.values, v)
	return n, nil
}

// snapshot is what the numbers given out so far mean. Nothing of it changes any
// more: what is new comes behind it.
func (r *register[V]) snapshot() []V { return slices.Clip(r.values) }

// intern numbers strings in order of their first appearance.
type intern struct {
	byName map[string]int
	names  []string
}

func (n *intern) number(name string) int {
	if i, ok := n.byName[name]; ok {
		return i
	}
	if n.byName == nil {
		n.byName = map[string]int{}
	}
	n.byName[name] = len(n.names)
	n.names = append(n.names, name)
	return len(n.names) - 1
}

// NewNames returns a register that knows the helpers registered so far. Number
// 0 of services, shapers, helpers and profiles is "none".
func NewNames() *Names {
	n := &Names{policies: map[uint32]string{}, hops: map[packet.Addr]uint16{}, gateways: make([]packet.Addr, 1), helpers: append([]*helpers.Helper{nil}, helpers.All()...)}
	n.services.number("")
	n.shapers.number("", "")
	n.pools.number(poolName{}, "")
	n.profiles.number(profile{}, "")
	n.whys.number("", "")
	return n
}

// Interface is the name of interface i, or "" where there is none.
func (n *Names) Interface(i uint16) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if int(i) < len(n.interfaces.names) {
		return n.interfaces.names[i]
	}
	return ""
}

// InterfaceIndex is the number of the interface of that name; it gets one where
// it has none.
func (n *Names) InterfaceIndex(name string) uint16 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return uint16(n.interfaces.number(name))
}

// Interfaces are the names of all interfaces, by number.
func (n *Names) Interfaces() []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.Clone(n.interfaces.names)
}

// Service is the name of service i; "" for 0.
func (n *Names) Service(i uint32) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if int(i) < len(n.services.names) {
		return n.services.names[i]
	}
	return ""
}

// ServiceNumber is the number of the service of that name; it gets one where it
// has none.
func (n *Names) ServiceNumber(name string) uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return uint32(n.services.number(name))
}

// Shaper is the name of per-IP shaper i; "" for 0.
func (n *Names) Shaper(i uint16) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if int(i) < len(n.shapers.values) {
		return n.shapers.values[i]
	}
	return ""
}

// shaperNumber is the number of the shaper of that name; it gets one where it
// has none.
func (n *Names) shaperNumber(name string) (uint16, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.shapers.number(name, "firewall shaper per-ip-shaper")
}

// Pool is the name of IP pool i; "" for 0.
func (n *Names) Pool(i uint16) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if int(i) < len(n.pools.values) {
		return n.pools.values[i].name
	}
	return ""
}

// poolNumber is the number of the IP pool of that name, six of firewall.ippool6;
// it gets one where it has none.
func (n *Names) poolNumber(name string, six bool) (uint16, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pools.number(poolName{name, six}, "firewall ippool")
}

// timersNumber is the number of a set of timers; it gets one where it has none.
func (n *Names) timersNumber(t timers) (uint16, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.timers.number(t, "service timers")
}

// ttlNumber is the number of a session-ttl; it gets one where it has none.
func (n *Names) ttlNumber(t ttl) (uint16, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ttls.number(t, "session-ttl")
}

// clocks is what the numbers of timers and session-ttls mean, all that were
// given out so far.
func (n *Names) clocks() ([]timers, []ttl) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.timers.snapshot(), n.ttls.snapshot()
}

// Gateway is the gateway of that number; zero for 0.
func (n *Names) Gateway(i uint16) packet.Addr {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if int(i) < len(n.gateways) {
		return n.gateways[i]
	}
	return packet.Addr{}
}

// hop is the number of a gateway, which gets one where it has none. It reports
// false where all numbers are used up.
func (n *Names) hop(gateway packet.Addr) (uint16, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i, ok := n.hops[gateway]; ok {
		return i, true
	}
	if len(n.gateways) > math.MaxUint16 {
		return 0, false
	}
	i := uint16(len(n.gateways))
	n.gateways = append(n.gateways, gateway)
	n.hops[gateway] = i
	return i, true
}

// allGateways are the gateways that have numbers so far, by number. What is
// returned does not change.
func (n *Names) allGateways() []packet.Addr {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.gateways[:len(n.gateways):len(n.gateways)]
}

// Policy is the name of the policy with that id as last configured; "" where it
// has none.
func (n *Names) Policy(id uint32) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.policies[id]
}

func (n *Names) setPolicies(names map[uint32]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, name := range names {
		n.policies[id] = name
	}
}

// Helper is the name of helper i; "" for 0.
func (n *Names) Helper(i uint8) string {
	if i == 0 || int(i) >= len(n.helpers) {
		return ""
	}
	return n.helpers[i].Name
}

// helper is helper i, which must be in range.
func (n *Names) helper(i uint8) *helpers.Helper { return n.helpers[i] }

// helperNumber is the number of the helper of that name, 0 where it is not built
// in.
func (n *Names) helperNumber(name string) uint8 {
	for i, h := range n.helpers {
		if h != nil && h.Name == name {
			return uint8(i)
		}
	}
	return 0
}

// Why is the reason of that number for which a helper let go of a session; "" for 0.
func (n *Names) Why(i uint16) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if int(i) < len(n.whys.values) {
		return n.whys.values[i]
	}
	return ""
}

// whyNumber is the number of a reason, which gets one where it has none. Reasons
// are constants of the helpers, so that there are few.
func (n *Names) whyNumber(why string) uint16 {
	n.mu.RLock()
	i, ok := n.whys.numbers[why]
	n.mu.RUnlock()
	if ok {
		return i
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	i, err := n.whys.number(why, "")
	if err != nil {
		return 0
	}
	return i
}
