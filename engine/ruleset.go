package engine

import (
	"fmt"
	"time"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/packet/reassembly"
	"portcullis/policy"
	"portcullis/route"
)

// Inventory is what a configuration does not say but the machine knows, by
// interface name.
type Inventory map[string]Link

// Link is what the machine knows of one interface.
type Link struct {
	MTU       int         // bytes of an IP packet
	LinkLocal packet.Addr // its fe80:: address; zero where it has none
}

// Ruleset is a configuration as the packet path reads it: compiled, immutable,
// shared by all workers.
type Ruleset struct {
	Generation uint32
	MaxSession int

	policies    *policy.Table
	routes      *route.Table
	bindings    map[binding]uint8 // helper by protocol and destination port
	interfaces  []iface           // by interface index
	fragments   reassembly.Limits
	implicitLog bool
	localInLog  bool
}

// binding is what a session helper entry binds a helper to.
type binding struct {
	proto uint8
	port  uint16
}

// iface is one interface as the packet path sees it.
type iface struct {
	used      bool
	mtu       int
	ping4     bool
	ping6     bool
	linkLocal packet.Addr
}

// Compile makes the ruleset of cfg. cfg is only read. Errors name the noun that
// could not be compiled; a configuration that config.Load accepted gives none
// but those of the machine (an interface that inv lacks).
func Compile(cfg *config.Config, inv Inventory, names *Names, generation uint32) (*Ruleset, error) {
	rs := &Ruleset{
		Generation: generation,
		MaxSession: int(cfg.Global.MaxSessions),
		bindings:   bindings(cfg, names),
		fragments: reassembly.Limits{
			Memory:  int(cfg.Global.IPFragmentMemThresholds) << 20,
			Timeout: time.Duration(cfg.Global.IPFragmentTimeout) * time.Second,
		},
		implicitLog: cfg.LogSetting.FwpolicyImplicitLog,
		localInLog:  cfg.LogSetting.LocalInDenyUnicast,
	}
	known := map[string]uint16{}
	for _, c := range cfg.Interfaces {
		link, ok := inv[c.Name]
		if !ok {
			return nil, fmt.Errorf("system interface %q: the machine has no such port", c.Name)
		}
		i := names.InterfaceIndex(c.Name)
		known[c.Name] = i
		rs.addInterface(i, c, link)
	}
	index := func(name string) (uint16, bool) { i, ok := known[name]; return i, ok }
	var err error
	if rs.policies, err = policy.Compile(cfg, index, names.ServiceNumber); err != nil {
		return nil, err
	}
	if rs.routes, err = route.Compile(cfg, index); err != nil {
		return nil, err
	}
	policyNames := map[uint32]string{}
	for _, p := range cfg.Policies {
		policyNames[p.PolicyID] = p.Name
	}
	names.setPolicies(policyNames)
	return rs, nil
}

func (rs *Ruleset) addInterface(i uint16, c *config.Interface, link Link) {
	for len(rs.interfaces) <= int(i) {
		rs.interfaces = append(rs.interfaces, iface{})
	}
	mtu := link.MTU
	if c.MTUOverride {
		mtu = c.MTU
	}
	rs.interfaces[i] = iface{
		used:      c.Status,
		mtu:       mtu,
		ping4:     c.AllowAccess&config.AccessPing != 0,
		ping6:     c.IPv6.AllowAccess&config.AccessPing != 0,
		linkLocal: link.LinkLocal,
	}
}

// bindings reads the session helper table. An entry whose helper is not built in
// binds nothing: FortiOS's table names helpers that are yet to come.
func bindings(cfg *config.Config, names *Names) map[binding]uint8 {
	m := map[binding]uint8{}
	for _, e := range cfg.Helpers {
		n := names.helperNumber(e.Name)
		if !e.Status || n == 0 {
			continue
		}
		for _, proto := range names.helper(n).Protocols {
			if proto == e.Protocol {
				m[binding{proto: e.Protocol, port: e.Port}] = n
			}
		}
	}
	return m
}

// mtu is the MTU of interface i in bytes.
func (rs *Ruleset) mtu(i uint16) int {
	if int(i) < len(rs.interfaces) {
		return rs.interfaces[i].mtu
	}
	return 0
}

// up says whether interface i is configured and administratively up.
func (rs *Ruleset) up(i uint16) bool {
	return int(i) < len(rs.interfaces) && rs.interfaces[i].used
}

// linkLocal says whether a is the link-local address of interface i.
func (rs *Ruleset) linkLocal(i uint16, a packet.Addr) bool {
	return int(i) < len(rs.interfaces) && !a.IsZero() && rs.interfaces[i].linkLocal == a
}

// offersPing says whether interface i answers echo requests of the family.
func (rs *Ruleset) offersPing(i uint16, six bool) bool {
	if int(i) >= len(rs.interfaces) {
		return false
	}
	if six {
		return rs.interfaces[i].ping6
	}
	return rs.interfaces[i].ping4
}
