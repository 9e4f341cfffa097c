//! How often letters follow each other, and which words are popular. Made by tests/bench/words/words.py: not to be edited,
//! for a node with other tables puts words elsewhere.

/// The weight of each symbol of the balanced code after each other one, as letters: the end of a word (and its start), signs,
/// digits, a to z, anything else.
pub(super) const PAIRS: [&[u8; 30]; 30] = [
    b"ALLXXYWVWWWSWVWYUTXLXYWOUVIRPU",
    b"JLLJJJJJJJJJJJJJJJJJJJJJJJJJJL",
    b"JLUJJJJJJJJJJJJJJJJJJJJJJJJJJL",
    b"ZKKPSTURPSRTNSXWZMSIZWWTTRKSQK",
    b"NJJVMAGVAALSICOACTAATMAPCAAOAJ",
    b"SJJWERKUEJWUATSGHWGKRSRQCAAQNJ",
    b"VJJVHHMVFKMUEHMKKTAETRKQKPAOIJ",
    b"YKKURTSTORLSMPXSYRQFZXVOSRPTSK",
    b"QJJRAAASRBBUABNIBSAARHNLAAAFAJ",
    b"YJJVNAIUDOQTAAOHQSAATOJTEDARAJ",
    b"UJJWAAFWACFVDEOMSVBAQINRGIASAJ",
    b"UKKWOXRVPSLONSWUZUOLTWWNRJLKPK",
    b"LJJUAHFSAAEMAIDGJUAAAIFQACACBJ",
    b"TJJUHIFUAFLUHMNHOQAAPRINEFALAJ",
    b"XJJWNMRXPMKXJOXQHVKAHSPSPIARKJ",
    b"SJJXQPGVBDFWAFGSEUSDIQFSAAAQDJ",
    b"ZKKWKTVWJZLWMPKJVUHANUVQKGAQOK",
    b"WKKRSSTPQVRPKSWTYUSFWUURSSOONK",
    b"OJJUJEATGAUSAHOJATNARRKQAAAMAJ",
    b"FJJFAAAAAAABAAAAAAAAAAAQHAAAAJ",
    b"XKKYNSUXOSLXKRRQSWNJTTVTOJAUNK",
    b"ZKKVJSFVDFUVHROQOVQJHUWSLPAPOK",
    b"WJJVRMAWFGVWHKMKPVAAVSURHHAQNJ",
    b"QJJQOQQSKQLRJNSPTJMGUUQJJINLPJ",
    b"MJJUAEAUAAAVAEJAFQAAKGAFBAAJAJ",
    b"PJJSNBCQHANUAHJHOQAAQLGHAAAIAJ",
    b"PJJNAAAKAAENAAAAAJGAAAIAAFAAAJ",
    b"YJJRNQMOBHEJCLQLPQFAKPNLIFAECJ",
    b"UJJRHIHPAHCPFKNIFNEHCIGLADALPJ",
    b"ULLJJJJJJJJJJJJJJJJJJJJJJJJJJZ",
];

/// Popular words, each with a letter for its share.
pub(super) const POPULAR: &str = "\
    -ahM-akingK-allN-amL-andaK-annaK-aphyL-ardO-ardsK-ateL-ationL-ballM-bertL-calL-ceN-cerJ-ciaL-ckM-daN-doM-dsM-eer\
    K-ekM-elaK-ellL-elleL-entL-erS-ersM-ersonK-ertK-essL-ethL-ewL-ezO-ganJ-goL-graphyL-hanK-iaP-ialL-ianM-icN-icaL-i\
    calL-icsN-ieO-ilyK-ineM-ingT-insN-ioN-ionM-iraL-isaL-istM-itaJ-kerL-kingO-laO-ldL-lesL-leyN-lieK-lleK-llerK-llyL\
    -logyN-manK-mesK-msK-naR-nceL-ndaL-neQ-nenL-nesL-niN-nnaL-nneK-noO-nsenL-nsonK-ntingK-ogyN-ologyN-onS-orM-ovaL-p\
    hyM-raphyL-rdO-rdsL-rkK-rryL-rsonL-rtM-senP-sonR-ssaL-ssonN-taN-talL-tballL-terL-thN-tiL-tinL-tinaK-tingN-tionM-\
    torL-ttK-yaJad-Mal-Oale-Kalex-Lan-Pand-Nandr-Mandre-Lani-Kanim-LanimalsKann-Kant-Larc-March-LartMart-KastronomyK\
    au-JbakingLbar-LbaseballKbasketballLbeerKbirdsKbooksLbra-Kbri-LbrownKcam-McampingLcar-OcarsKcas-KcatsKcha-Lchess\
    Mchr-Mchri-Mchris-Mchrist-MchristopherKcl-Mcla-MclimbingKcoffeeKcol-Mcoll-Lcom-Mcoo-LcookingMcraftsKcricketKcycl\
    ingMda-Odan-KdancingMdanielKdav-Mdavi-KdavidKdesignKdo-MdogsKdrawingLdu-LeconomicsJed-Lel-MelectronicsKeli-Kem-L\
    eri-Lev-KfashionKfilmLfishingLfitnessMfoo-LfoodLfootballMfr-Mfra-Kfran-Lga-Ogam-KgamesLgamingMgar-LgardeningLge-\
    Mgeo-Mgi-Lgo-MgolfKgr-Ngra-Jgre-Kgu-MguitarLhan-Khar-Mhen-KhikingMhistoryLhockeyKhorsesKhu-Min-Kis-Kjac-MjamesKj\
    enniferKjes-Kjoh-MjohnKjohnsonKjonesKjos-Njose-Mju-Ljul-Ljuli-Lka-Pkar-Mkat-LknittingKko-Kkr-Mkri-Kla-Olanguages\
    Jlau-Llaur-Llin-LliteratureJlo-Llu-Nluc-Lma-Rmag-Kmar-Qmari-LmariaLmart-Nmarti-Nmartin-Lmat-MmathJmatt-Lmc-Lmed-\
    Lmedi-Lmel-Kmic-Kmich-MmichaelLmil-Kmo-Omor-LmoviesMmusicNna-Onat-MnatureLne-Lni-Nnic-Lno-Mol-Lop-LpaintingLpat-\
    Lper-Kpet-LphilosophyJphotographyMphysicsKpianoLpoetryJpoliticsJpotteryKpro-LprogrammingLpsychologyJreadingMric-\
    Lro-Qrob-MrobertKroboticsKroc-Lros-Kru-NrugbyKrunningMsa-PsailingKsam-Ksara-Ksc-Nsch-KscienceLsewingKsha-Lsingin\
    gLskiingKsmithLsnowboardingKsoccerLsportsLsta-Mste-Nstep-Lsu-NsurfingKsus-KswimmingMte-OteaKtea-Ltec-Mtech-Mtech\
    n-Mtechno-MtennisLthe-KtheatreLtho-KthomasKtr-Mtra-MtravelMvanKvo-Kvol-LvolleyballKwal-Mwil-Nwill-Lwilli-Lwillia\
    -LwilliamsKwineKwoodworkingKwritingLyo-LyogaM";
