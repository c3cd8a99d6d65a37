package policy

import (
	"fmt"

	"portcullis/config"
	"portcullis/policy/fqdn"
)

// Compile builds the table of cfg's policies. ifIndex gives the engine's index
// of an interface's name, svcID its number of a service's name (0 is none).
//
// A policy with id 0 in its configuration can not be told from the implicit
// deny; config does not let one through.
func Compile(cfg *config.Config, ifIndex func(name string) (uint16, bool), svcID func(name string) uint32) (*Table, error) {
	c, err := newCompiler(cfg, ifIndex, svcID)
	if err != nil {
		return nil, err
	}
	for _, p := range cfg.Policies {
		if err := c.add(p); err != nil {
			return nil, fmt.Errorf("firewall policy %d: %w", p.PolicyID, err)
		}
	}
	c.pairs.buckets(c.t)
	return c.t, nil
}

// pickUp are the words of tcp-session-without-syn.
var pickUp = map[string]PickUp{"all": PickUpAll, "data-only": PickUpData, "disable": PickUpNone}

// compiler holds what Compile needs and the table does not.
type compiler struct {
	t       *Table
	ifIndex func(string) (uint16, bool)
	addr4   *addrBook
	addr6   *addrBook
	vips    vipBooks
	svc     *serviceBook
	pairs   pairs
	names   fqdn.Book // in which no name has an address
}

func newCompiler(cfg *config.Config, ifIndex func(string) (uint16, bool), svcID func(string) uint32) (*compiler, error) {
	c := &compiler{ifIndex: ifIndex}
	var err error
	if c.addr4, err = newAddrBook4(cfg); err != nil {
		return nil, err
	}
	if c.addr6, err = newAddrBook6(cfg); err != nil {
		return nil, err
	}
	if c.svc, err = newServiceBook(cfg, svcID); err != nil {
		return nil, err
	}
	if !cfg.Settings.CentralNAT { // there, virtual IPs have no place in policies
		if c.vips, err = newVIPBooks(cfg); err != nil {
			return nil, err
		}
	}
	c.t = &Table{
		central:  cfg.Settings.CentralNAT,
		byID:     make(map[uint32]uint32),
		implicit: Policy{LogAll: cfg.LogSetting.FwpolicyImplicitLog},
		naming:   newNaming(c.svc.names),
	}
	return c, nil
}

// add compiles one policy: its rules, its place in the order and the interfaces
// it speaks of.
func (c *compiler) add(p *config.Policy) error {
	services, err := c.svc.list(p.Service)
	if err != nil {
		return err
	}
	always, err := inForce(p.Schedule)
	if err != nil {
		return err
	}
	return c.enter(p, p.Status && always, services, Policy{
		ID:       p.PolicyID,
		Name:     p.Name,
		Accept:   p.Accept,
		NAT:      p.NAT,
		AnySeq:   !p.AntiReplay,
		LogAll:   p.LogTraffic == "all",
		LogUTM:   p.LogTraffic == "utm",
		LogStart: p.LogStart,
		Tell:     p.SendDenyPacket,
		ResetEnd: p.TimeoutSendRST,
		CheckNew: p.CheckNew,
		PickUp:   pickUp[p.WithoutSYN],
	})
}

// enter makes rules of what p asks of a flow besides the services, and appends
// them with what a match is answered with. A policy that is not live is read, so
// that its mistakes show, and left out.
func (c *compiler) enter(p *config.Policy, live bool, services []service, answer Policy) error {
	in, out, err := c.interfaces(p)
	if err != nil {
		return err
	}
	r4, r6, named, err := c.rules(p)
	if err != nil {
		return err
	}
	if !live {
		return nil
	}

	i := uint32(len(c.t.policies))
	r4.policy, r6.policy = i, i
	for family, r := range []*rule{&r4, &r6} {
		c.t.named[family] = append(c.t.named[family], named[family])
		if len(named[family].src.list) > 0 {
			r.named |= srcNamed
		}
		if len(named[family].dst.list) > 0 {
			r.named |= dstNamed
		}
	}
	r4.svcOff, r4.svcN = uint32(len(c.t.services)), uint32(len(services))
	r6.svcOff, r6.svcN = r4.svcOff, r4.svcN
	c.t.services = append(c.t.services, services...)
	c.t.rules4 = append(c.t.rules4, r4)
	c.t.rules6 = append(c.t.rules6, r6)
	c.t.byID[answer.ID] = i
	c.t.policies = append(c.t.policies, answer)
	c.pairs.add(in, out, c.vipPart(p))
	return nil
}

// rules compiles which addresses p asks of a flow of either family. Where p can
// match none, the rule's destination or source is the empty set.
func (c *compiler) rules(p *config.Policy) (r4, r6 rule, named [2]namedSides, err error) {
	_, dst4 := c.vips.v4.divide(p.DstAddr)
	_, dst6 := c.vips.v6.divide(p.DstAddr6)
	r4.serviceNegated, r6.serviceNegated = p.ServiceNegate, p.ServiceNegate
	for _, side := range []struct {
		to     *spanSet
		named  *namedSet
		book   *addrBook
		names  []string
		negate bool
		empty  bool
	}{
		{&r4.src, &named[0].src, c.addr4, p.SrcAddr, p.SrcAddrNegate, len(p.SrcAddr) == 0},
		{&r4.dst, &named[0].dst, c.addr4, dst4, p.DstAddrNegate, len(p.DstAddr) == 0},
		{&r6.src, &named[1].src, c.addr6, p.SrcAddr6, p.SrcAddr6Negate, len(p.SrcAddr6) == 0},
		{&r6.dst, &named[1].dst, c.addr6, dst6, p.DstAddr6Negate, len(p.DstAddr6) == 0},
	} {
		set, err := side.book.list(side.names, side.negate, side.empty)
		if err != nil {
			return r4, r6, named, err
		}
		*side.to = c.t.spans.add(set, side.book == c.addr6)
		domains, err := side.book.domains(side.names)
		if err != nil {
			return r4, r6, named, err
		}
		side.named.negated = side.negate
		for _, d := range domains {
			side.named.list = append(side.named.list, c.names.Name(d))
		}
	}
	return r4, r6, named, nil
}

// inForce says whether a policy of these schedules is ever in force. Only the
// two schedules that need no clock exist.
func inForce(schedules []string) (bool, error) {
	always := len(schedules) == 0
	for _, s := range schedules {
		switch s {
		case "always":
			always = true
		case "none":
		default:
			return false, fmt.Errorf("schedule %q: no such schedule; always or none is expected", s)
		}
	}
	return always, nil
}

func (c *compiler) interfaces(p *config.Policy) (in, out []uint16, err error) {
	if in, err = c.indices("srcintf", p.SrcIntf); err != nil {
		return nil, nil, err
	}
	out, err = c.indices("dstintf", p.DstIntf)
	return in, out, err
}

// indices resolves interface names; nil is any interface.
func (c *compiler) indices(attr string, names []string) ([]uint16, error) {
	out := make([]uint16, 0, len(names))
	for _, name := range names {
		if name == "any" {
			return nil, nil
		}
		i, ok := c.ifIndex(name)
		if !ok {
			return nil, fmt.Errorf("%s %q: no such interface", attr, name)
		}
		out = append(out, i)
	}
	return out, nil
}
