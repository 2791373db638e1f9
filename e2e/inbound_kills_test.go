package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"crm/db/mongo/mongotest"
	"crm/inbound/mailbox/mailboxtest"
)

// TestKilledReceiver kills the server at random points while mail comes through its doors. Each mail becomes one ticket or one
// message with its file, and none is left at a door. Thorough tests send more mail, and through each door alone.
func TestKilledReceiver(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "mongo"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			all := []string{"http", "smtp", "lmtp", "imap"}
			if !thorough() {
				run := &receiverRun{engine: engine, doors: all, moves: engine == "sqlite", mails: inFull(60, 20), kills: inFull(6, 2)}
				if engine == "mongo" && mongotest.IsStandIn() {
					mongotest.SkipOnStandIn(t)
					run.mails, run.kills = 12, 1 // FerretDB reads whole collections
				}
				receive(t, run)
				return
			}
			for name, run := range map[string]*receiverRun{
				"all": {doors: all}, "http": {doors: all[:1]}, "smtp": {doors: all[1:2]}, "lmtp": {doors: all[2:3]},
				"imap": {doors: all[3:]}, "imap with moves": {doors: all[3:], moves: true},
			} {
				t.Run(name, func(t *testing.T) {
					run.engine, run.mails, run.kills = engine, 500, 20
					receive(t, run)
				})
			}
		})
	}
}

// receiverRun is a run of TestKilledReceiver.
type receiverRun struct {
	engine string
	doors  []string
	// moves says that mail is moved that has been read from the mailbox.
	moves        bool
	mails, kills int

	t          *testing.T
	folder     string
	settings   []string
	database   *driver.Database
	imapServer *mailboxtest.Server
	// running is the server that was started last.
	running atomic.Pointer[process]
	// accepted counts the mails that the server has accepted at the doors where it is handed them.
	accepted atomic.Int64
}

func receive(t *testing.T, o *receiverRun) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	o.t, o.folder = t, t.TempDir()
	o.imapServer = mailboxtest.NewServer(t, []imap.Cap{imap.CapIdle, imap.CapMove, imap.CapUIDPlus})
	o.configure()
	var sending sync.WaitGroup
	for i, door := range o.doors {
		sending.Go(func() { o.send(i, door) })
	}
	p := serve(t, o.folder, o.settings...)
	o.running.Store(p)
	session := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	for kill := range o.kills {
		at := o.mails*kill/o.kills + random.IntN(o.mails/o.kills)
		eventuallyWithin(t, longTimeout, fmt.Sprintf("%d mails have come", at), func() bool { return o.received() >= at })
		<-time.After(time.Duration(random.IntN(30)) * time.Millisecond)
		p.kill()
		o.endLease()
		if random.IntN(5) == 0 { // another one while it starts, or soon after
			dying := begin(t, o.folder, o.settings)
			<-time.After(time.Duration(random.IntN(300)) * time.Millisecond)
			dying.kill()
			o.endLease()
		}
		p = serve(t, o.folder, o.settings...)
		o.running.Store(p)
	}
	eventuallyWithin(t, longTimeout, "all mails have come", func() bool { return o.received() == o.mails })
	sending.Wait()
	o.check(p, session)
	p.stop()
}

// configure sets the settings.
func (o *receiverRun) configure() {
	o.settings = []string{
		"INBOUND_ADDRESS=support@crm.example", "INBOUND_SECRET=" + inboundSecret, "INBOUND_SMTP=127.0.0.1:0", "INBOUND_LMTP=127.0.0.1:0",
	}
	if slices.Contains(o.doors, "imap") {
		o.settings = append(o.settings, "IMAP_HOST=127.0.0.1", fmt.Sprintf("IMAP_PORT=%d", o.imapServer.Port()), "IMAP_TLS=none",
			"IMAP_USER="+mailboxtest.User, "IMAP_PASSWORD="+mailboxtest.Password)
	}
	if o.moves {
		o.settings = append(o.settings, "IMAP_DONE_FOLDER="+mailboxtest.Done)
	}
	if o.engine == "mongo" {
		o.database = mongotest.Database(o.t)
		o.settings = append(append(o.settings, mongoSettings(mongotest.URI(o.t))...), "MONGO_DATABASE="+o.database.Name())
	}
}

// endLease ends the lease of the mailbox as a minute would: the next server may read it.
func (o *receiverRun) endLease() {
	o.t.Helper()
	if o.database == nil {
		return // no other server can have the data file open, so the next one doesn't wait
	}
	_, err := o.database.Collection("mailbox_marks").UpdateMany(o.t.Context(), bson.D{}, bson.D{{Key: "$set", Value: bson.D{{Key: "leased_until", Value: time.Now()}}}})
	if err != nil {
		o.t.Fatal(err)
	}
}

// received returns how many mails have come.
func (o *receiverRun) received() int {
	all, unseen := o.imapServer.Count(mailboxtest.Inbox)
	moved, _ := o.imapServer.Count(mailboxtest.Done)
	if o.moves {
		all, unseen = moved, 0
	}
	return int(o.accepted.Load()) + all - unseen
}
