package nat

import (
	"fmt"

	"portcullis/config"
)

// sourceCompiler holds what CompileSources needs and its outcome does not.
type sourceCompiler struct {
	index  Index
	pools  map[string]*Pool
	pools6 map[string]*Pool
	out    *Sources
}

func (c *sourceCompiler) compilePools(cfg *config.Config) error {
	for _, e := range cfg.IPPools {
		p, err := compilePool(e, c.index)
		if err != nil {
			return fmt.Errorf("firewall ippool %q: %w", e.Name, err)
		}
		if err := c.add(p, c.pools, false); err != nil {
			return err
		}
	}
	for _, e := range cfg.IPPools6 {
		p, err := compilePool6(e)
		if err != nil {
			return fmt.Errorf("firewall ippool6 %q: %w", e.Name, err)
		}
		if err := c.add(p, c.pools6, true); err != nil {
			return err
		}
	}
	return nil
}

func (c *sourceCompiler) add(p *Pool, to map[string]*Pool, six bool) (err error) {
	if p.Number, err = c.index.Pool(p.Name, six); err != nil {
		return err
	}
	to[p.Name] = p
	c.out.Pools = append(c.out.Pools, p)
	return nil
}

// policy is what a policy with nat says.
func (c *sourceCompiler) policy(p *config.Policy) *Source {
	s := &Source{Preserve: p.PortPreserve, Fixed: p.FixedPort}
	switch {
	case p.PermitAnyHost:
		s.Filter = FilterAny
	case p.PermitSTUNHost:
		s.Filter = FilterSTUN
	}
	if p.IPPool {
		s.Pools = c.named(p.PoolName, p.PoolName6)
	}
	return s
}

// rule is what a rule of the central SNAT map says.
func (c *sourceCompiler) rule(r *config.CentralSNAT) *Source {
	if !r.NAT {
		return nil
	}
	return &Source{Preserve: r.PortPreserve, Pools: c.named(r.NATIPPool, r.NATIPPool6), lo: r.NATPort.Low, hi: r.NATPort.High}
}

func (c *sourceCompiler) named(names, names6 []string) (list []*Pool) {
	for _, n := range names {
		list = append(list, c.pools[n])
	}
	for _, n := range names6 {
		list = append(list, c.pools6[n])
	}
	return list
}
