namespace Mall.Silo.Demo;

/// <summary>What the demo puts on sale.</summary>
/// <param name="Goods">Ten of them, each in two kinds.</param>
/// <param name="Trait">What attribute the kinds differ by.</param>
/// <param name="Kinds">How these are called.</param>
internal sealed record DemoShop(string Name, string Seller, string[] Goods, string Trait, string[] Kinds)
{
    public static readonly DemoShop[] All =
    [
        new("Leaf and Kettle", "Ada",
            ["Sencha, 100 g", "Darjeeling, 100 g", "Oolong, 50 g", "Teapot, 0.8 l", "Tea bowl", "Tea strainer", "Tea tin",
                "Whisk", "Kettle", "Tea towel"], "origin", ["Shizuoka", "Yunnan"]),
        new("Paper Moon", "Bela",
            ["Notebook A5", "Fountain pen", "Ink, 30 ml", "Pencil box", "Sketch pad A4", "Calendar", "Letter set", "Wax seal",
                "Ruler", "Desk lamp"], "colour", ["Indigo", "Ochre"]),
        new("The Little Workshop", "Chen",
            ["Claw hammer", "Hand plane", "Chisel set", "Folding rule", "Spirit level", "Bit brace", "Work bench", "Try square",
                "Coping saw", "Apron"], "wood", ["Beech", "Walnut"]),
        new("Green Corner", "Dina",
            ["Monstera", "Fiddle-leaf fig", "Basil", "Clay pot, 14 cm", "Watering can", "Seed box", "Potting soil, 10 l",
                "Secateurs", "Plant stand", "Herb spiral"], "size", ["Small", "Large"]),
        new("Night Kitchen", "Emil",
            ["Cast-iron pan", "Chef's knife", "Bread tin", "Mortar", "Pasta machine", "Pepper mill", "Chopping board",
                "Mixing bowl", "Rolling pin", "Cake stand"], "finish", ["Plain", "Glazed"]),
    ];

    /// <summary>What customers say, by how many stars they give.</summary>
    public static readonly string[][] Reviews =
    [
        ["It broke on the second day."], ["Not what the picture promised."], ["Does what it should.", "All right for the price."],
        ["Good, and it came quickly.", "Nearly perfect."], ["I would buy it again at once.", "A present to myself.", ""],
    ];
}
