using System.Numerics;

namespace Mall.Simulation;

/// <summary>Orleans in one silo: which activations it has, where it believes others to be, its part of the directory. One
/// activation of a grain is what the directory aims at; while silos differ about who is a member, there may be two.</summary>
internal abstract class SimulatedSilo(int number, SimulatedProcess process, Network network, Membership membership)
    : GrainCaller(process)
{
    private const int MostForwards = 2;
    private static readonly TimeSpan s_registration = TimeSpan.FromSeconds(5);

    // Orleans lets nobody else make this exception.
    private static readonly ConstructorInfo s_rejection = typeof(OrleansMessageRejectionException)
        .GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [typeof(string)])!;

    private readonly Dictionary<GrainId, Activation> _activations = [];
    private readonly Dictionary<GrainId, SimulatedSilo> _directory = []; // the part that this silo keeps
    private Dictionary<SimulatedSilo, SiloState> _known = [];
    private SimulatedSilo[] _members = []; // who serves, as far as this silo knows

    public int Number => number;
    public abstract IServiceProvider Services { get; }
    public bool IsLeaving { get; private set; }
    public bool Has(GrainId grain) => _activations.GetValueOrDefault(grain)?.State == ActivationState.Valid;
    public void NoteBegun(GrainId grain) => membership.NoteBegun(grain);
    public abstract void End(string why); // at once

    public override void Send(Message message)
    {
        if (++message.Forwards > MostForwards + 1) Reject(message, "Forwarded too often.");
        else if (message.Kind.Place == GrainPlace.Here) network.Send(Process, Process, () => Deliver(message));
        else if (message.Kind.Place == GrainPlace.Computed) SendTo(HomeOf(message.Grain), message, silo => silo.Deliver(message));
        else SendTo(KeeperOf(message.Grain), message, silo => silo.Direct(message));
    }

    public void Answer(Message message, byte[] answer) => Reply(message, () => message.Sender.Receive(message, answer));
    public void Reject(Message message, string why) => Reply(message, () =>
        message.Sender.Lose(message, (Exception)s_rejection.Invoke([$"Rejected: {message.What}: {why}"])));

    public void Forget(Activation activation)
    {
        var grain = activation.GrainId;
        if (_activations.GetValueOrDefault(grain) != activation) return;
        _activations.Remove(grain);
        if (activation.Kind.Place != GrainPlace.Registered || KeeperOf(grain) is not { } keeper) return;
        network.Send(Process, keeper.Process, () =>
        {
            if (keeper._directory.GetValueOrDefault(grain) == this) keeper._directory.Remove(grain);
        });
    }

    /// <summary>News of the membership: the dead are given up, and the directory moves.</summary>
    public void Learn()
    {
        var before = _known;
        _known = membership.Snapshot;
        if (IsDead(this)) End("finds itself declared dead");
        if (!Process.IsAlive) return;
        foreach (var silo in _known.Keys.Where(silo => IsDead(silo) && before.GetValueOrDefault(silo) != SiloState.Dead))
        {
            LoseAll(m => m.SentTo == silo, _ => new SiloUnavailableException($"{silo.Process.Name} has become unavailable."));
            foreach (var (grain, _) in _directory.Where(entry => entry.Value == silo)) _directory.Remove(grain);

            // What the dead kept of the directory is lost, and with it who is where.
            EndWhere(DeactivationReasonCode.DirectoryFailure, activation =>
                activation.Kind.Place == GrainPlace.Registered && KeeperOf(activation.GrainId) == silo);
        }

        _members = [.. _known.Where(m => m.Value == SiloState.Active).Select(m => m.Key).OrderBy(silo => silo.Number)];
        HandOver();
    }

    /// <summary>Takes no new grains, and ends those that it has.</summary>
    protected async Task<bool> DrainAsync(TimeSpan limit)
    {
        IsLeaving = true;
        membership.Set(this, SiloState.Leaving);
        for (var end = Process.World.Now + limit; Process.World.Now < end && _activations.Count > 0;)
        {
            EndWhere(DeactivationReasonCode.ShuttingDown, _ => true);
            await Task.Delay(TimeSpan.FromMilliseconds(100), Process.Clock);
        }

        return _activations.Count == 0;
    }

    private bool IsDead(SimulatedSilo silo) => _known.GetValueOrDefault(silo) == SiloState.Dead;

    private void EndWhere(DeactivationReasonCode why, Func<Activation, bool> which)
    {
        foreach (var activation in _activations.Values.Where(which)) activation.Deactivate(new(why, $"{why}."));
    }

    private void SendTo(SimulatedSilo? silo, Message message, Action<SimulatedSilo> arrive)
    {
        message.SentTo = silo;
        if (silo is null) Reject(message, "No silo is known.");
        else network.Send(Process, silo.Process, () => arrive(silo), () => Reject(message, "The silo cannot be reached."));
    }

    private void Reply(Message message, Action arrive)
    {
        var gateway = message.Gateway?.Process ?? Process;
        if (gateway == Process) network.Send(Process, message.Sender.Process, arrive);
        else network.Send(Process, gateway, () => network.Send(gateway, message.Sender.Process, arrive));
    }

    /// <summary>As the keeper of its entry in the directory: on to where the grain is, or is to be.</summary>
    private void Direct(Message message)
    {
        if (KeeperOf(message.Grain) != this && message.Forwards <= MostForwards)
        {
            Send(message); // The sender knows other members.
            return;
        }

        if (!_directory.TryGetValue(message.Grain, out var silo) || !_members.Contains(silo))
            silo = _members.Length == 0 ? this : _members[Process.World.Random("placement").Next(_members.Length)];
        SendTo(silo, message, there => there.Deliver(message));
    }

    private void Deliver(Message message)
    {
        if (message.Expires < Process.World.Now) return;
        var isNew = !_activations.TryGetValue(message.Grain, out var activation);
        if (isNew && IsLeaving)
        {
            Reject(message, "The silo stops.");
            return;
        }

        if (isNew) _activations.Add(message.Grain, activation = new Activation(this, message.Grain));
        activation!.Receive(message);
        if (isNew && message.Kind.Place == GrainPlace.Registered) Register(activation);
        else if (isNew) activation.Begin();
    }

    /// <summary>A grain begins when the directory knows it; when another has the place, its callers go there.</summary>
    private void Register(Activation activation)
    {
        var (grain, isOver) = (activation.GrainId, false);
        var keeper = KeeperOf(grain) ?? this;
        network.Send(Process, keeper.Process, () =>
        {
            var holder = keeper.Enter(grain, this);
            network.Send(keeper.Process, Process, () => End(holder == this, Send));
        });
        Process.Schedule(s_registration, () => End(isWell: false, message => Reject(message, "The directory does not answer.")));

        void End(bool isWell, Action<Message> otherwise)
        {
            if (isOver) return;
            isOver = true;
            if (isWell) activation.Begin();
            else activation.Abandon(otherwise);
        }
    }

    /// <returns>Whose it is: of two the older stays.</returns>
    private SimulatedSilo Enter(GrainId grain, SimulatedSilo silo) =>
        _directory.TryGetValue(grain, out var holder) && !IsDead(holder) ? holder : _directory[grain] = silo;

    /// <summary>What others keep of the directory, as far as is known now, goes to them.</summary>
    private void HandOver()
    {
        foreach (var (grain, silo) in _directory)
        {
            if (KeeperOf(grain) is not { } keeper || keeper == this) continue;
            _directory.Remove(grain);
            network.Send(Process, keeper.Process, () =>
            {
                if (keeper.Enter(grain, silo) == silo) return;
                network.Send(keeper.Process, silo.Process, () =>
                    silo.EndWhere(DeactivationReasonCode.DuplicateActivation, activation => activation.GrainId == grain));
            });
        }
    }

    /// <summary>Where a grain is to be whose place is computed: as the product's placement does it.</summary>
    private SimulatedSilo? HomeOf(GrainId grain) =>
        _members.Length == 0 ? null : _members[(int)(grain.GetUniformHashCode() & 0x7fffffff) % _members.Length];

    /// <summary>Who keeps a grain's entry in the directory. A change of the members moves few.</summary>
    private SimulatedSilo? KeeperOf(GrainId grain)
    {
        var hash = grain.GetUniformHashCode();
        return _members.MaxBy(member => BitOperations.Crc32C(hash * 0x9E3779B9, (uint)member.Number * 0x85EBCA6B));
    }
}
