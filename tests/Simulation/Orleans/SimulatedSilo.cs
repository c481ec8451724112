using System.Reflection;

namespace Mall.Simulation;

/// <summary>
/// Orleans in one silo: which activations it has, where it believes others to be, its part of the directory. One activation of a
/// grain is what the directory aims at; while silos differ about who is a member, there may be two.
/// </summary>
internal abstract class SimulatedSilo : GrainCaller
{
    private const int MostWorkers = 2;
    private static readonly TimeSpan s_registration = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_collection = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_collectionAge = TimeSpan.FromMinutes(15);

    private readonly Network _network;
    private readonly Membership _membership;
    private readonly Dictionary<GrainId, Activation> _activations = [];
    private readonly Dictionary<GrainId, List<Activation>> _workers = [];
    private readonly Dictionary<GrainId, SimulatedSilo> _directory = []; // the part that this silo keeps
    private IReadOnlyDictionary<SimulatedSilo, SiloState> _known = new Dictionary<SimulatedSilo, SiloState>();
    private SimulatedSilo[] _members = []; // who serves, as far as this silo knows

    protected SimulatedSilo(int number, SimulatedProcess process, Network network, Membership membership) : base(process)
    {
        (Number, _network, _membership) = (number, network, membership);
        process.Schedule(s_collection, CollectIdle);
    }

    /// <summary>Grows with each start of a silo.</summary>
    public int Number { get; }

    public abstract IServiceProvider Services { get; }

    public bool IsLeaving { get; private set; }

    public bool Has(GrainId grain) => _activations.TryGetValue(grain, out var found) && found.State == ActivationState.Valid;

    public void NoteBegun(Activation activation) => _membership.NoteBegun(activation);

    /// <summary>The others have declared it dead: it ends at once.</summary>
    protected abstract void End(string why);

    protected override void Send(Message message) => Forward(message);

    /// <summary>To where its grain is, as far as this silo knows.</summary>
    public void Forward(Message message)
    {
        if (++message.Forwards > Message.MostForwards + 1)
        {
            Reject(message, "Forwarded too often.");
            return;
        }

        switch (message.Kind.Place)
        {
            case GrainPlace.Worker:
                _network.Send(Process, Process, () => Deliver(message));
                break;
            case GrainPlace.Computed:
                SendTo(OwnerOf(message.Grain, isRing: false), message, silo => silo.Deliver(message));
                break;
            default:
                SendTo(OwnerOf(message.Grain, isRing: true), message, silo => silo.Direct(message));
                break;
        }
    }

    public void Answer(Message message, byte[] answer) => Reply(message, () => message.Sender.Receive(message, answer));

    public void Reject(Message message, string why) =>
        Reply(message, () => message.Sender.Lose(message, Rejections.New($"Rejected: {message.What}: {why}")));

    /// <summary>An activation has ended.</summary>
    public void Forget(Activation activation)
    {
        if (activation.Kind.Place == GrainPlace.Worker)
        {
            _workers[activation.GrainId].Remove(activation);
            return;
        }

        if (_activations.GetValueOrDefault(activation.GrainId) != activation) return;
        _activations.Remove(activation.GrainId);
        if (activation.Kind.Place != GrainPlace.Directory || OwnerOf(activation.GrainId, isRing: true) is not { } owner) return;
        _network.Send(Process, owner.Process, () => owner.Unregister(activation.GrainId, this));
    }

    /// <summary>News of the membership: the dead are given up, and the directory moves.</summary>
    public void Learn()
    {
        var before = _known;
        _known = _membership.Snapshot;
        if (_known.GetValueOrDefault(this) == SiloState.Dead)
        {
            End("finds itself declared dead");
            return;
        }

        foreach (var (silo, state) in _known)
        {
            if (state != SiloState.Dead || before.GetValueOrDefault(silo) == SiloState.Dead) continue;
            LoseCallsTo(silo);
            foreach (var (grain, _) in _directory.Where(entry => entry.Value == silo).ToArray()) _directory.Remove(grain);

            // What the dead kept of the directory is lost, and with it who is where.
            foreach (var (id, activation) in _activations.ToArray())
                if (activation.Kind.Place == GrainPlace.Directory && OwnerOf(id, isRing: true) == silo)
                    activation.Deactivate(new(DeactivationReasonCode.DirectoryFailure, "The directory's silo has died."));
        }

        _members = [.. _known.Where(m => m.Value == SiloState.Active).Select(m => m.Key).OrderBy(silo => silo.Number)];
        HandOver();
    }

    /// <summary>Takes no new grains, and ends those that it has.</summary>
    /// <returns>Whether all have ended in time.</returns>
    protected async Task<bool> DrainAsync(TimeSpan limit)
    {
        IsLeaving = true;
        _membership.Set(this, SiloState.Leaving);
        var end = Process.World.Now + limit;
        while (Process.World.Now < end)
        {
            Activation[] left = [.. _activations.Values, .. _workers.Values.SelectMany(workers => workers)];
            if (left.Length == 0) return true;
            foreach (var activation in left) activation.Deactivate(new(DeactivationReasonCode.ShuttingDown, "The silo stops."));
            await Task.Delay(TimeSpan.FromMilliseconds(100), Process.Clock);
        }

        return false;
    }

    private void SendTo(SimulatedSilo? silo, Message message, Action<SimulatedSilo> arrive)
    {
        if (silo is null)
        {
            Reject(message, "No silo is known.");
            return;
        }

        message.SentTo = silo;
        _network.Send(Process, silo.Process, () => arrive(silo), refused: () => Reject(message, "The silo cannot be reached."));
    }

    private void Reply(Message message, Action arrive)
    {
        if (message.Gateway is { } gateway)
            _network.Send(Process, gateway.Process, () => _network.Send(gateway.Process, message.Sender.Process, arrive));
        else
            _network.Send(Process, message.Sender.Process, arrive);
    }

    /// <summary>As the owner of its entry in the directory: on to where the grain is, or is to be.</summary>
    private void Direct(Message message)
    {
        if (OwnerOf(message.Grain, isRing: true) != this && message.Forwards <= Message.MostForwards)
        {
            Forward(message); // The sender knows other members.
            return;
        }

        if (!_directory.TryGetValue(message.Grain, out var silo) || !_members.Contains(silo))
            silo = _members.Length == 0 ? this : _members[Process.World.Random("placement").Next(_members.Length)];
        SendTo(silo, message, there => there.Deliver(message));
    }

    private void Deliver(Message message)
    {
        if (message.Expires < Process.World.Now) return;
        if (message.Kind.Place == GrainPlace.Worker)
        {
            WorkerFor(message).Receive(message);
        }
        else if (_activations.TryGetValue(message.Grain, out var activation))
        {
            activation.Receive(message);
        }
        else if (IsLeaving)
        {
            Reject(message, "The silo stops.");
        }
        else
        {
            activation = new Activation(this, message.Grain, message.Kind);
            _activations.Add(message.Grain, activation);
            activation.Receive(message);
            if (message.Kind.Place == GrainPlace.Computed) activation.Begin();
            else Register(activation);
        }
    }

    private Activation WorkerFor(Message message)
    {
        if (!_workers.TryGetValue(message.Grain, out var workers)) _workers.Add(message.Grain, workers = []);
        if (workers.Find(worker => worker.IsIdle) is { } idle) return idle;
        if (workers.Count >= MostWorkers) return workers.MinBy(worker => worker.Busy)!;
        var activation = new Activation(this, message.Grain, message.Kind);
        workers.Add(activation);
        activation.Begin();
        return activation;
    }

    /// <summary>A grain begins when the directory knows it; when another has the place, its callers go there.</summary>
    private void Register(Activation activation)
    {
        var owner = OwnerOf(activation.GrainId, isRing: true) ?? this;
        var isOver = false;
        _network.Send(Process, owner.Process, () =>
        {
            var holder = owner.Register(activation.GrainId, this);
            _network.Send(owner.Process, Process, () =>
            {
                if (isOver) return;
                isOver = true;
                if (holder == this)
                {
                    activation.Begin();
                    return;
                }

                Forget(activation);
                foreach (var message in activation.Abandon()) Forward(message);
            });
        });
        Process.Schedule(s_registration, () =>
        {
            if (isOver) return;
            isOver = true;
            _activations.Remove(activation.GrainId);
            foreach (var message in activation.Abandon()) Reject(message, "The directory does not answer.");
        });
    }

    private SimulatedSilo Register(GrainId grain, SimulatedSilo silo)
    {
        if (_directory.TryGetValue(grain, out var holder) && holder != silo && _known.GetValueOrDefault(holder) != SiloState.Dead)
            return holder;
        _directory[grain] = silo;
        return silo;
    }

    private void Unregister(GrainId grain, SimulatedSilo silo)
    {
        if (_directory.GetValueOrDefault(grain) == silo) _directory.Remove(grain);
    }

    /// <summary>What others own of the directory, as far as is known now, goes to them. Of two entries the older stays.</summary>
    private void HandOver()
    {
        foreach (var (grain, silo) in _directory.ToArray())
        {
            if (OwnerOf(grain, isRing: true) is not { } owner || owner == this) continue;
            _directory.Remove(grain);
            _network.Send(Process, owner.Process, () =>
            {
                var holder = owner.Register(grain, silo);
                if (holder != silo) _network.Send(owner.Process, silo.Process, () => silo.EndDuplicate(grain));
            });
        }
    }

    private void EndDuplicate(GrainId grain)
    {
        if (!_activations.TryGetValue(grain, out var activation)) return;
        activation.Deactivate(new(DeactivationReasonCode.DuplicateActivation, "Another activation is registered."));
    }

    private void CollectIdle()
    {
        var since = Process.World.Now - s_collectionAge;
        foreach (var activation in _activations.Values.Where(a => a.IsIdle && a.LastUsed < since).ToArray())
            activation.Deactivate(new(DeactivationReasonCode.ActivationIdle, "Not used for long."));
        Process.Schedule(s_collection, CollectIdle);
    }

    /// <summary>By hash: of the members in their order, or of a ring in which a change moves little.</summary>
    private SimulatedSilo? OwnerOf(GrainId grain, bool isRing)
    {
        if (_members.Length == 0) return null;
        var hash = grain.GetUniformHashCode();
        if (!isRing) return _members[(int)(hash & 0x7fffffff) % _members.Length];
        var owner = _members[0];
        var best = 0u;
        foreach (var member in _members)
        {
            var weight = ((hash ^ ((uint)member.Number * 0x9E3779B9)) * 0x85EBCA6B) ^ (hash >> 13);
            weight = (weight ^ (weight >> 15)) * 0xC2B2AE35;
            if (weight >= best) (owner, best) = (member, weight);
        }

        return owner;
    }
}

/// <summary>Orleans lets nobody else make this exception.</summary>
internal static class Rejections
{
    private static readonly ConstructorInfo s_constructor = typeof(OrleansMessageRejectionException)
        .GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [typeof(string)])!;

    public static Exception New(string why) => (Exception)s_constructor.Invoke([why]);
}
