package route

import (
	"net/netip"

	"github.com/gaissmai/bart"
)

// activate chooses the active routes of each prefix and enters them.
func (t *Table) activate(down func(ifIndex uint16) bool) {
	t.back = make(map[uint16]*bart.Lite)
	chosen := make(map[netip.Prefix]candidate)
	for _, c := range t.all {
		if !c.route.Blackhole && down(c.route.Out) {
			continue
		}
		if old, ok := chosen[c.prefix]; !ok || c.better(old) {
			chosen[c.prefix] = c
			t.best.Insert(c.prefix, c.route)
		}
	}
	for _, c := range t.all {
		if c.route.Blackhole || down(c.route.Out) || c.route.Distance > chosen[c.prefix].route.Distance {
			continue
		}
		back := t.back[c.route.Out]
		if back == nil {
			back = new(bart.Lite)
			t.back[c.route.Out] = back
		}
		back.Insert(c.prefix)
	}
}

// better says whether c forwards rather than old, which has the same prefix and
// was configured before it.
func (c candidate) better(old candidate) bool {
	if c.route.Distance != old.route.Distance {
		return c.route.Distance < old.route.Distance
	}
	return c.priority < old.priority
}
