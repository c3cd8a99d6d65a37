package lab

import "net/netip"

// Direct is a client and a server with the addresses of the standard topology
// and nothing but a cable between: what measurements start from.
type Direct struct{ Client, Server *Namespace }

// NewDirect joins a client and a server.
func NewDirect() (*Direct, error) {
	d := new(Direct)
	if err := d.build(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Direct) build() (err error) {
	if d.Client, err = NewNamespace("client"); err != nil {
		return err
	}
	if d.Server, err = NewNamespace("server"); err != nil {
		return err
	}
	client, server := End{d.Client, "eth0"}, End{d.Server, "eth0"}
	if err := Cable(client, server); err != nil {
		return err
	}
	// Prefixes wide enough that each finds the other on the link.
	for end, addrs := range map[End][]netip.Addr{client: {Client4, Client6}, server: {Server4, Server6}} {
		if err := end.In.Addresses(end.Name, netip.PrefixFrom(addrs[0], 8), netip.PrefixFrom(addrs[1], 8)); err != nil {
			return err
		}
	}
	return nil
}

// Close ends every process on both sides and takes both down.
func (d *Direct) Close() {
	for _, ns := range []*Namespace{d.Client, d.Server} {
		if ns != nil {
			ns.Close()
		}
	}
}
