package engine

import (
	"fmt"
	"slices"
	"time"

	"portcullis/config"
	"portcullis/nat"
	"portcullis/packet"
	"portcullis/packet/reassembly"
	"portcullis/policy"
	"portcullis/policy/fqdn"
	"portcullis/route"
	"portcullis/session/tcp"
)

// Inventory is what a configuration does not say but the machine knows, by
// interface name.
type Inventory map[string]Link

// Link is what the machine knows of one interface.
type Link struct {
	MTU       int         // bytes of an IP packet
	LinkLocal packet.Addr // its fe80:: address; zero where it has none
	Down      bool        // no frame can be sent by it: its routes do not count
}

// Ruleset is a configuration as the packet path reads it: compiled, immutable,
// shared by all workers.
type Ruleset struct {
	Generation uint32
	MaxSession int

	policies    *policy.Table
	virtual     *nat.Destinations
	sources     *nat.Sources
	wishes      []fqdn.Wish
	central     *policy.Central // nil: policies say how sources are translated
	hairpin     bool            // snat-hairpin-traffic
	configured  *route.Table    // as if all links were up
	routes      *route.Table    // as the links are
	gateways    []packet.Addr   // by number
	bindings    *bindings       // which helper reads a session
	interfaces  []iface         // by interface index
	fragments   reassembly.Limits
	secondary   map[packet.Addr]config.AllowAccess
	tcp         tcp.Mode // how closely connections are tracked
	clocks      *clocks
	quotas      quotas
	implicitLog bool
	localInLog  bool
	logExpect   bool // what helpers expect, and what becomes of that
	logDetach   bool // helpers that let go of sessions which are logged

	asymmetric       asymmetric
	dirty            dirty // firewall-session-dirty
	rerouteSNAT      bool  // snat-route-change
	strictHeaders    bool  // check-protocol-header strict
	resetSessionless bool  // reset-sessionless-tcp
	tellByICMP       bool  // deny-tcp-with-icmp
	pickUp           bool  // tcp-session-without-syn, where the policy agrees
	pickUpSCTP       bool  // sctp-session-without-init
}

// antiReplay are the words of system global's anti-replay.
var antiReplay = map[string]tcp.AntiReplay{"strict": tcp.Strict, "loose": tcp.Loose, "disable": tcp.Disable}

// iface is one interface as the packet path sees it.
type iface struct {
	known     bool // it is configured
	used      bool // and administratively up
	mtu       int
	override  int // the configured MTU, where there is one
	ping4     bool
	ping6     bool
	linkLocal packet.Addr
	down      bool // its link
}

// Compile makes the ruleset of cfg. cfg is only read. Errors name the noun that
// could not be compiled; a configuration that config.Load accepted gives none
// but those of the machine (an interface that inv lacks).
func Compile(cfg *config.Config, inv Inventory, names *Names, generation uint32) (*Ruleset, error) {
	rs := &Ruleset{
		Generation: generation,
		MaxSession: int(cfg.Global.MaxSessions),
		secondary:  map[packet.Addr]config.AllowAccess{},
		fragments: reassembly.Limits{
			Memory:  int(cfg.Global.IPFragmentMemThresholds) << 20,
			Timeout: time.Duration(cfg.Global.IPFragmentTimeout) * time.Second,
		},
		tcp:         tcp.Mode{AntiReplay: antiReplay[cfg.Global.AntiReplay], ResetRange: cfg.Global.CheckResetRange},
		implicitLog: cfg.LogSetting.FwpolicyImplicitLog,
		localInLog:  cfg.LogSetting.LocalInDenyUnicast,
		logExpect:   cfg.LogSetting.HelperExpectation,
		logDetach:   cfg.LogSetting.HelperDetach,

		asymmetric:       asymmetryOf(&cfg.Settings),
		dirty:            dirties[cfg.Settings.SessionDirty],
		rerouteSNAT:      cfg.Global.SNATRouteChange,
		strictHeaders:    cfg.Global.CheckProtocolHeader == "strict",
		resetSessionless: cfg.Global.ResetSessionlessTCP,
		tellByICMP:       cfg.Settings.DenyTCPWithICMP,
		pickUp:           cfg.Settings.TCPSessionWithoutSYN,
		pickUpSCTP:       cfg.Settings.SCTPSessionWithoutInit,
	}
	known := map[string]uint16{}
	for _, c := range cfg.Interfaces {
		link, ok := inv[c.Name]
		if !ok {
			return nil, fmt.Errorf("system interface %q: the machine has no such port", c.Name)
		}
		i := names.InterfaceIndex(c.Name)
		known[c.Name] = i
		rs.addInterface(i, c)
		rs.interfaces[i].follow(link)
	}
	index := func(name string) (uint16, bool) { i, ok := known[name]; return i, ok }
	var err error
	if rs.bindings, err = compileBindings(cfg, names); err != nil {
		return nil, err
	}
	if rs.clocks, err = compileClocks(cfg, names); err != nil {
		return nil, err
	}
	if rs.quotas, err = compileQuotas(cfg, names); err != nil {
		return nil, err
	}
	if rs.policies, err = policy.Compile(cfg, index, names.ServiceNumber); err != nil {
		return nil, err
	}
	rs.policies.Follow(&names.hosts)
	rs.wishes = policy.Wishes(cfg)
	if err = rs.compileNAT(cfg, index, names); err != nil {
		return nil, err
	}
	if rs.configured, err = route.Compile(cfg, index, names.hop); err != nil {
		return nil, err
	}
	rs.gateways = names.allGateways()
	rs.routes = rs.configured.Without(rs.down)
	policyNames := map[uint32]string{}
	for _, p := range cfg.Policies {
		policyNames[p.PolicyID] = p.Name
	}
	names.setPolicies(policyNames)
	return rs, nil
}

// compileNAT makes what rs says of translation.
func (rs *Ruleset) compileNAT(cfg *config.Config, index func(string) (uint16, bool), names *Names) error {
	services, err := policy.Services(cfg)
	if err != nil {
		return err
	}
	if rs.virtual, err = nat.CompileDestinations(cfg, index, services); err != nil {
		return err
	}
	if rs.sources, err = nat.CompileSources(cfg, nat.Index{Interface: index, Pool: names.poolNumber}); err != nil {
		return err
	}
	if cfg.Settings.CentralNAT {
		if rs.central, err = policy.CompileCentral(cfg, index); err != nil {
			return err
		}
		rs.central.Follow(&names.hosts)
	}
	rs.hairpin = cfg.Settings.SNATHairpin
	return nil
}

// Behind is the interface that packets for addr leave by, and those of addr are
// expected from. It reports false where no route leads there.
func (rs *Ruleset) Behind(addr packet.Addr) (ifIndex uint16, ok bool) {
	to, ok := rs.routes.Lookup(addr)
	return to.Out, ok && !to.Blackhole
}

// OneSide says whether packets from src to dst cross nothing here: the routes have
// both behind one interface, and neither is an address of ours.
func (rs *Ruleset) OneSide(src, dst packet.Addr) bool {
	in, known := rs.Behind(src)
	out, reaches := rs.Behind(dst)
	return known && reaches && in == out && !rs.ours(src) && !rs.ours(dst)
}

// Relink is rs for a machine whose links have changed, under a generation of its
// own. Interfaces that inv does not name stay as they are.
func (rs *Ruleset) Relink(inv Inventory, names *Names, generation uint32) *Ruleset {
	next := *rs
	next.Generation = generation
	next.interfaces = slices.Clone(rs.interfaces)
	for i := range next.interfaces {
		if link, ok := inv[names.Interface(uint16(i))]; ok {
			next.interfaces[i].follow(link)
		}
	}
	next.routes = rs.configured.Without(next.down)
	return &next
}

// knowing is rs with all gateways and helpers' limits that names knows by now:
// sessions of an earlier process may have others than any configuration of this
// one.
func (rs *Ruleset) knowing(names *Names) *Ruleset {
	all := names.allGateways()
	if len(all) == len(rs.gateways) && len(names.allProfiles()) == len(rs.bindings.profiles) {
		return rs
	}
	next := *rs
	next.gateways, next.bindings = all, rs.bindings.knowing(names)
	return &next
}

// follow takes over what the machine says of the interface.
func (f *iface) follow(link Link) {
	f.mtu, f.linkLocal, f.down = link.MTU, link.LinkLocal, link.Down
	if f.override != 0 {
		f.mtu = f.override
	}
}

// down says whether the link of interface i is down.
func (rs *Ruleset) down(i uint16) bool {
	return int(i) < len(rs.interfaces) && rs.interfaces[i].down
}

func (rs *Ruleset) addInterface(i uint16, c *config.Interface) {
	for len(rs.interfaces) <= int(i) {
		rs.interfaces = append(rs.interfaces, iface{})
	}
	for _, s := range c.SecondaryIP {
		rs.secondary[packet.AddrFrom(s.IP.Addr())] = s.AllowAccess
	}
	rs.interfaces[i] = iface{
		known: true,
		used:  c.Status,
		ping4: c.AllowAccess&config.AccessPing != 0,
		ping6: c.IPv6.AllowAccess&config.AccessPing != 0,
	}
	if c.MTUOverride {
		rs.interfaces[i].override = c.MTU
	}
}

// mtu is the MTU of interface i in bytes.
func (rs *Ruleset) mtu(i uint16) int {
	if int(i) < len(rs.interfaces) {
		return rs.interfaces[i].mtu
	}
	return 0
}

// has says whether interface i is configured.
func (rs *Ruleset) has(i uint16) bool {
	return int(i) < len(rs.interfaces) && rs.interfaces[i].known
}

// up says whether interface i is configured and administratively up.
func (rs *Ruleset) up(i uint16) bool {
	return int(i) < len(rs.interfaces) && rs.interfaces[i].used
}

// carries says whether packets can come and go by interface i.
func (rs *Ruleset) carries(i uint16) bool { return rs.up(i) && !rs.interfaces[i].down }

// linkLocal says whether a is the link-local address of interface i.
func (rs *Ruleset) linkLocal(i uint16, a packet.Addr) bool {
	return int(i) < len(rs.interfaces) && !a.IsZero() && rs.interfaces[i].linkLocal == a
}

// offersPing says whether an echo request that came in by interface i to the
// box's address dst is answered: a secondary address has an allowaccess of its
// own, for every other one that of the interface decides.
func (rs *Ruleset) offersPing(i uint16, dst packet.Addr) bool {
	if access, ok := rs.secondary[dst]; ok {
		return access&config.AccessPing != 0
	}
	if int(i) >= len(rs.interfaces) {
		return false
	}
	if dst.Is4() {
		return rs.interfaces[i].ping4
	}
	return rs.interfaces[i].ping6
}
