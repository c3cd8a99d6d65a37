package takeover

import (
	"errors"
	"fmt"
	"os"

	"github.com/vishvananda/netlink"
)

// Theory of operation.
//
// What is found is written to a journal before anything is changed. The journal
// is locked for as long as the device is held, and the kernel releases the lock
// with the process, however that ends: a journal that can be locked but is not
// empty was left by a killed run, and what it says is the truth about the
// device, not what is found now. The drop at ingress is a bpf link, which dies
// with the process as well; only the nftables table of older kernels outlives
// it, and is removed by the next run or by Restore.

// DefaultStateDir is where journals are kept.
const DefaultStateDir = "/run/portcullis"

// ErrNoDevice says that a device does not exist.
var ErrNoDevice = errors.New("no such device")

// Options say what to take over.
type Options struct {
	Device   string // the kernel's name of it
	MTU      int    // bytes to set; 0 leaves it
	StateDir string // where the journal is kept; DefaultStateDir where empty
}

// Guard holds a device. Its methods belong to one goroutine.
type Guard struct {
	journal *journal
	found   state
	index   int
	drop    dropper
}

// dropper keeps frames from the kernel until it is closed.
type dropper interface {
	Close() error
	method() string
}

// Take keeps the kernel from using a device, brings its link up, and sets its
// MTU where asked. Errors name the device; those that wrap ErrNoDevice and
// os.ErrPermission are for callers to tell apart. A device with addresses in the
// kernel is refused.
func Take(o Options) (*Guard, error) {
	if o.StateDir == "" {
		o.StateDir = DefaultStateDir
	}
	g, err := take(o)
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("device %q: %w: needs CAP_NET_RAW and CAP_NET_ADMIN", o.Device, err)
	}
	if err != nil {
		return nil, fmt.Errorf("device %q: %w", o.Device, err)
	}
	return g, nil
}

func take(o Options) (*Guard, error) {
	link, err := find(o.Device)
	if err != nil {
		return nil, err
	}
	if err := refuseAddresses(link); err != nil {
		return nil, err
	}
	j, err := openJournal(o.StateDir, o.Device)
	if err != nil {
		return nil, err
	}
	g := &Guard{journal: j, index: link.Attrs().Index}
	if old, ok := j.read(); ok && old.Index == g.index {
		g.found = old
	} else if g.found, err = observe(link); err == nil {
		err = j.write(g.found)
	}
	if err != nil {
		_ = j.remove()
		return nil, err
	}
	if err := g.hold(link, o.MTU); err != nil {
		_ = g.Close() // where that does not succeed either, the journal remains
		return nil, err
	}
	return g, nil
}

// hold changes the device. The kernel is deaf before the link comes up.
func (g *Guard) hold(link netlink.Link, mtu int) error {
	var err error
	if g.drop, err = attachDrop(link); err != nil {
		return err
	}
	if err := writeIPv6(link.Attrs().Name, "1"); err != nil {
		return err
	}
	if mtu != 0 && mtu != link.Attrs().MTU {
		if err := netlink.LinkSetMTU(link, mtu); err != nil {
			return fmt.Errorf("mtu %d: %w", mtu, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("link up: %w", err)
	}
	return nil
}

// Index is the kernel's index of the device.
func (g *Guard) Index() int { return g.index }

// Method is how the kernel is kept from the frames: "tcx" or "nftables".
func (g *Guard) Method() string { return g.drop.method() }

// Close puts the device back as it was found. Where it is gone there is nothing
// to put back. Where that does not succeed, the journal is kept for Restore.
func (g *Guard) Close() error {
	err := g.found.restore()
	if g.drop != nil {
		err = errors.Join(err, g.drop.Close())
	}
	if err != nil {
		return errors.Join(err, g.journal.close())
	}
	return g.journal.remove()
}

// Restore puts back every device of this network namespace that a killed run
// left changed. Devices that a running process holds are left alone. It is for
// operators; Take does not need it.
func Restore(stateDir string) error {
	if stateDir == "" {
		stateDir = DefaultStateDir
	}
	names, err := journalled(stateDir)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		if err := restoreOne(stateDir, name); err != nil {
			errs = append(errs, fmt.Errorf("device %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func restoreOne(stateDir, device string) error {
	j, err := openJournal(stateDir, device)
	if errors.Is(err, errHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	s, ok := j.read()
	if ok {
		err = s.restore()
		removeTable(device)
	}
	if err != nil { // keep what is known for another try
		return errors.Join(err, j.close())
	}
	return j.remove()
}
