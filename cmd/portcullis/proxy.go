package main

import (
	"net/netip"

	"go4.org/netipx"

	"portcullis/config"
)

// proxied are the addresses that an interface answers ARP and neighbour discovery
// for without owning them: those of virtual IPs and IP pools that are on its link.
func proxied(cfg *config.Config, c *config.Interface) []netip.Prefix {
	p := proxies{on: c}
	for _, v := range cfg.VIPs {
		p.vip(v)
	}
	for _, v := range cfg.VIPs6 {
		p.vip((*config.VIP)(v))
	}
	for _, pool := range cfg.IPPools {
		if pool.ARPReply {
			p.pool(config.IPRange{Start: pool.StartIP, End: pool.EndIP}, pool.ARPIntf, pool.AssociatedInterface)
		}
	}
	for _, pool := range cfg.IPPools6 {
		switch pool.Type {
		case "nptv6":
			p.onLink(netipx.RangeOfPrefix(pool.ExternalPrefix))
		default:
			p.pool(config.IPRange{Start: pool.StartIP, End: pool.EndIP}, "", "")
		}
	}
	set, err := p.set.IPSet()
	if err != nil {
		return nil // no range of a configuration that was accepted is mistaken
	}
	return set.Prefixes()
}

// proxies gathers the addresses of one interface.
type proxies struct {
	on  *config.Interface
	set netipx.IPSetBuilder
}

// vip adds the external addresses of a virtual IP: at the interface that it names,
// else where they are on the link.
func (p *proxies) vip(v *config.VIP) {
	r := netipx.IPRangeFrom(v.ExtIP.Start, v.ExtIP.End)
	switch {
	case !v.Status || !v.ARPReply || !r.IsValid():
	case v.ExtIntf == p.on.Name:
		p.add(r)
	case v.ExtIntf == "" || v.ExtIntf == "any":
		p.onLink(r)
	}
}

// pool adds the addresses of a pool that answers at the interface at, or where they
// are on the link and the pool is used.
func (p *proxies) pool(x config.IPRange, at, used string) {
	r := netipx.IPRangeFrom(x.Start, x.End)
	switch {
	case !r.IsValid():
	case at == p.on.Name:
		p.add(r)
	case at == "" && (used == "" || used == p.on.Name):
		p.onLink(r)
	}
}

// onLink adds the part of r that is in the interface's subnets.
func (p *proxies) onLink(r netipx.IPRange) {
	for _, own := range addresses(p.on) {
		subnet := netipx.RangeOfPrefix(own.Masked())
		if !subnet.Overlaps(r) {
			continue
		}
		from, to := r.From(), r.To()
		if from.Less(subnet.From()) {
			from = subnet.From()
		}
		if subnet.To().Less(to) {
			to = subnet.To()
		}
		p.add(netipx.IPRangeFrom(from, to))
	}
}

// add adds r without the interface's own addresses, which it answers for anyway.
func (p *proxies) add(r netipx.IPRange) {
	p.set.AddRange(r)
	for _, own := range addresses(p.on) {
		p.set.Remove(own.Addr())
	}
}
